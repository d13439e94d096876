"""What every value of a recipe has in common: frozen, strict, and clear about what it refuses."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    NoReturn,
    Self,
    TypeVar,
    dataclass_transform,
    get_args,
)

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    SerializerFunctionWrapHandler,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    model_serializer,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, PydanticCustomError, PydanticKnownError, core_schema

from fusion.errors import RecipeError
from fusion.recipe.salvage import PARTIAL, Context, salvage

if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass
else:
    # Public, but a type checker cannot follow it.
    ModelMetaclass = type(BaseModel)

K = TypeVar("K")
V = TypeVar("V")


class Map(dict[K, V]):
    """A dict that does not change after it is made.

    >>> Map(a=1)["b"] = 2
    Traceback (most recent call last):
    ...
    TypeError: A recipe is a value and does not change; make another with its replace().
    """

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("A recipe is a value and does not change; make another with its replace().")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __hash__(self) -> int:  # type: ignore[override]  # a dict has none, a frozen one may
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[Callable[..., Self], tuple[dict[K, V]]]:
        return type(self), (dict(self),)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        plain = handler.generate_schema(dict[get_args(source) or (Any, Any)])  # type: ignore[misc]  # known when it runs
        return core_schema.no_info_after_validator_function(cls, plain)


Count = Annotated[int, Field(strict=True, gt=0, lt=2**31)]
"""A whole number of at least 1; Keras and TensorFlow count in 32 bits."""
Size = tuple[Count, Count]
"""Height and width."""
Positive = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
Fraction = Annotated[float, Field(strict=True, ge=0, lt=1)]
"""A part of one: at least 0, less than 1."""
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Word = Annotated[str, StringConstraints(strict=True, min_length=1)]
Text = Annotated[str, StringConstraints(strict=True)]
Sha256 = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[
    str,
    StringConstraints(
        strict=True, pattern=r"^([A-Za-wyz][A-Za-z0-9_-]{0,63}|x([A-Za-z0-9_][A-Za-z0-9_-]{0,62})?)$"
    ),
]
"""A name the user gives: a letter, then letters, digits, `_` or `-`; what starts with `x-` is free and names nothing."""
if TYPE_CHECKING:
    # What may be given where a value is made: any list, and any dict.
    Several = Sequence[V]
    Named = Mapping[str, V]
else:
    Several = tuple[V, ...]
    """Values in order; a list that is given becomes a tuple."""
    Named = Map[Name, V]
    """A map from names the user gives."""


def _some(value: Any, info: ValidationInfo) -> Any:
    if not value and info.field_name not in (info.context or {}).get(PARTIAL, ()):
        raise PydanticKnownError("too_short", {"field_type": "Map", "min_length": 1, "actual_length": 0})
    return value


Filled = Annotated[Named[V], AfterValidator(_some), Field(json_schema_extra={"minProperties": 1})]
"""A map from names the user gives, with one entry at least."""


def by_key(kinds: Mapping[type, str]) -> Callable[[Any], str | None]:
    """Returns what tells kinds of values apart, as pydantic asks: by the one key that names a kind in JSON.

    >>> by_key({int: "dense", str: "dropout"})({"dense": 8})
    '<dense>'
    """

    def any_key(value: Any) -> str | None:
        if not isinstance(value, dict):
            return f"<{kinds[type(value)]}>" if type(value) in kinds else None
        found = [kind for kind in kinds.values() if kind in value] or list(value)[:1]
        return f"<{' + '.join(map(str, found))}>" if found else None

    return any_key


def any_length(value: Any) -> str:
    """Tells one from several, as pydantic asks."""
    return "<several>" if isinstance(value, list | tuple) else "<one>"


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return Map({key: _frozen(child) for key, child in value.items()})
    return tuple(_frozen(child) for child in value) if isinstance(value, list | tuple) else value


Extras = Map[
    Annotated[str, StringConstraints(strict=True, pattern="^x-")], Annotated[Any, AfterValidator(_frozen)]
]
"""Free keys; what is under them is kept as it is, and does not change either."""


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(Field,))
class _Strict(ModelMetaclass):
    """Turns what pydantic reports when a value is made in Python into this package's error."""

    if not TYPE_CHECKING:
        # Type checkers and editors go by the fields of each kind of value instead.
        def __call__(cls, **fields: Any) -> Any:  # noqa: N805  # ruff does not see a metaclass here
            try:
                return super().__call__(**fields)
            except ValidationError:
                problems = salvage(_aliased(cls, fields), cls._validated)[1]
                raise RecipeError.of(cls.__name__, problems) from None


def _schema(schema: dict[str, Any], kind: type["Value"]) -> None:
    schema.get("properties", {}).pop("extras", None)
    # What tells kinds apart has a default in Python, and must stand in a file.
    schema["required"] = list(dict.fromkeys([*kind.always_written, *schema.get("required", [])]))
    schema["patternProperties"] = {"^x-": {}}
    schema["description"] = " ".join((kind.__doc__ or "").partition("\n\n")[0].split())


class Value(BaseModel, metaclass=_Strict):
    """Base of every value a recipe is made of: frozen, no unknown keys but those that start with `x-`.

    `extras` holds the `x-` keys; they are kept when the value is written and mean nothing to this package.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        json_schema_extra=_schema,
        hide_input_in_errors=True,
    )
    always_written: ClassVar[tuple[str, ...]] = ()
    elsewhere: ClassVar[Mapping[str, str]] = {}
    """By key of another kind of value in its place, how that is made in Python."""

    extras: Extras = Field(default=Map(), repr=False)

    @classmethod
    def _validated(cls, data: Any, context: Context) -> Self:
        return cls.model_validate(data, context=context)

    @model_validator(mode="before")
    @classmethod
    def _gather_extras(cls, data: Any, info: ValidationInfo) -> Any:
        if not isinstance(data, dict):
            return data
        known = _keys(cls, in_file=bool(info.context and info.context.get("file")))
        unknown = [key for key in data if key not in known and not str(key).startswith("x-")]
        if unknown:
            context = {"unknown": unknown, "known": known, "elsewhere": cls.elsewhere}
            raise PydanticCustomError("unknown_keys", "unknown keys", context)
        free = {key: value for key, value in data.items() if str(key).startswith("x-")}
        if not free:
            return data
        kept = {key: value for key, value in data.items() if key not in free}
        return kept | {"extras": {**(kept.get("extras") or {}), **free}}

    @model_serializer(mode="wrap")
    def _spread_extras(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = handler(self)
        free: dict[str, Any] = written.pop("extras", {})
        first = {key: getattr(self, key) for key in self.always_written}
        return first | written | free

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        """Refuses: a recipe is a value.

        Raises:
            TypeError: Always, saying what to do instead.
        """
        raise TypeError(
            f"A recipe is a value and does not change; make another with replaced({name}=...), "
            "or a whole recipe's replace(place, value)."
        )

    def replaced(self, **fields: Any) -> Self:
        """Returns this value with some fields changed, checked like a new one."""
        kept = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self)(**(kept | fields))


def key_of(name: str, field: FieldInfo) -> str:
    """Returns the key a field has in a file.

    Aliases are given for reading and writing apart: type checkers would take one for both for the name in Python.

    >>> key_of("of", Field(validation_alias="from", serialization_alias="from")), key_of("cut", Field())
    ('from', 'cut')
    """
    return field.serialization_alias or name


def _aliased(cls: Any, fields: dict[str, Any]) -> dict[str, Any]:
    """Fields by the keys of the format, so that the places of problems are those in a file."""
    known = cls.model_fields
    return {key_of(name, known[name]) if name in known else name: value for name, value in fields.items()}


@cache
def _keys(cls: type[BaseModel], *, in_file: bool) -> list[str]:
    """The keys that may be written: in a file the aliases only, in Python the fields' own names too."""
    fields = {name: key_of(name, field) for name, field in cls.model_fields.items() if name != "extras"}
    if in_file:
        return list(fields.values())
    return list(dict.fromkeys([*fields, *fields.values(), "extras"]))
