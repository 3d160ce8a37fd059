"""Reads the objects of the API into dataclasses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Callable, ClassVar, TypeVar

from . import frames

if TYPE_CHECKING:
    import pandas

R = TypeVar("R", bound="Record")


@dataclass
class Record:
    """An object of the API.

    ``raw`` has all members of the object, also those of newer servers. It is empty in a ``Prediction``, because the
    server sends predictions as series and not as objects.
    """

    #: The functions that read the members that are not plain values.
    decoders: ClassVar[Mapping[str, Callable[[Any], Any]]] = {}

    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def read(cls: type[R], raw: Mapping[str, Any]) -> R:
        """Returns the record of an object of the API. A member that is absent or null is ``None``."""
        values: dict[str, Any] = {}
        for name in cls.column_names():
            value, decode = raw.get(name), cls.decoders.get(name)
            values[name] = decode(value) if decode and value is not None else value
        return cls(raw=raw, **values)

    def row(self) -> dict[str, Any]:
        """Returns the fields by their names, for a table."""
        return {name: getattr(self, name) for name in self.column_names()}

    @classmethod
    def column_names(cls) -> list[str]:
        """Returns the names of the fields."""
        return [each.name for each in fields(cls) if each.name != "raw"]


class Rows(list[R]):
    """A list of records of one kind, from all pages."""

    def __init__(self, kind: type[R], items: Iterable[R] = ()) -> None:
        super().__init__(items)
        self._kind = kind

    def to_pandas(self) -> pandas.DataFrame:
        """Returns a DataFrame with a row for each record."""
        return frames.frame((each.row() for each in self), self._kind.column_names())


def each_as(kind: type[R]) -> Callable[[Iterable[Mapping[str, Any]]], list[R]]:
    """Returns a decoder for a list of objects."""
    return lambda items: [kind.read(each) for each in items]
