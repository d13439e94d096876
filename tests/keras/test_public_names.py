import fusion


def test_every_public_name_is_there():
    assert [name for name in fusion.__all__ if not hasattr(fusion, name)] == []


def test_public_names_are_in_order_and_none_is_that_of_a_module():
    assert fusion.__all__ == sorted(fusion.__all__)
    assert [name for name in fusion.__all__ if type(getattr(fusion, name)).__name__ == "module"] == []
