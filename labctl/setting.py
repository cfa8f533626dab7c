"""The base of all parameters of a procedure: checked and converted the moment they are set.

Each is a pymeasure Parameter, so pymeasure's files and forms understand them, and a data descriptor, so that
`procedure.maximum_field = "5 kOe"` is 0.5 at once or refused with a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Generic, Self, TypeVar, overload

from pymeasure.experiment import Parameter

from instruments.errors import BadValue

ValueT = TypeVar("ValueT")


class Setting(Parameter, Generic[ValueT]):
    """Base of all parameters: keeps its value on the procedure it belongs to.

    Attributes:
        called: Name by which users set it; the attribute's own unless another was given.
        summary: What it is, in one line.
    """

    def __init__(self, default: Any, summary: str, *, called: str = "") -> None:
        self._attribute = ""
        self.called = called
        self.summary = summary
        super().__init__("", default=None, description=summary)
        self._first = default

    def __set_name__(self, owner: type, name: str) -> None:
        """Learn the attribute's name, and convert the default now that the name can stand in its error."""
        self._attribute = name
        self.called = self.called or name
        self.name = self.called.replace("_", " ").capitalize()
        self.default = self.convert(self._first)
        self._value = self.default

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> ValueT: ...
    def __get__(self, instance: object | None, owner: type) -> Self | ValueT:
        """Return the value on an instance, the parameter itself on the class."""
        if instance is None:
            return self
        return instance.__dict__[self._attribute]

    def __set__(self, instance: object, value: Any) -> None:
        """Convert, check and keep a value.

        Raises:
            BadValue: It does not fit; the sentence says why.
        """
        instance.__dict__[self._attribute] = self.convert(value)

    def convert(self, value: Any) -> Any:
        """Turn what a user wrote into the value; see the subclasses."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it converts {value!r}")

    def convert_list(self, text: str) -> list[Any]:
        """Turn a list that a user wrote into values: separated by commas here, other forms in the subclasses.

        Raises:
            BadValue: A value does not fit, or there is none.
        """
        return [self.convert(item) for item in self._items(text, ",")]

    def _items(self, text: str, sign: str) -> list[str]:
        """Split a list, none of whose items may be empty."""
        items = [item.strip() for item in text.split(sign)]
        if not all(items):
            raise BadValue(f"{self.called}: {text!r} has an empty place in its list; give values with {sign!r} between")
        return items

    def show(self, value: Any) -> str:
        """Write a value so that `convert` gives the very same value back."""
        return str(value)

    def choices(self) -> str:
        """Say in a few words what may be entered."""
        return ""

    def shown_default(self) -> str:
        """Return the default as it was written."""
        return str(self._first)

    def taken(self, given: Any) -> str:
        """Say what a number without a unit is taken for, e.g. "10 mT"; nothing of what leaves no doubt."""
        del given
        return ""

    def __str__(self) -> str:
        """Return the value as written into headers of data files."""
        return self.show(self._value)


def declared(owner: type) -> Iterator[tuple[str, Setting[Any]]]:
    """List attribute and parameter of a procedure class in the order in which they were written, base classes first."""
    names: dict[str, None] = {}
    for base in reversed(owner.__mro__):
        names.update(dict.fromkeys(name for name, value in vars(base).items() if isinstance(value, Setting)))
    for name in names:
        parameter = getattr(owner, name)
        if isinstance(parameter, Setting):
            yield name, parameter
