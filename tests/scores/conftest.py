"""What scores are compared with: loaded by the first test that does, since collecting the others must stay quick."""

import pytest


@pytest.fixture(scope="session")
def sklearn():
    import sklearn.covariance
    import sklearn.linear_model
    import sklearn.metrics
    import sklearn.model_selection
    import sklearn.neighbors

    return sklearn


@pytest.fixture(scope="session")
def scipy():
    import scipy.optimize
    import scipy.stats

    return scipy
