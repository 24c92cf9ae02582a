"""Three tables that know the same people: a record has a partner in each of the others."""

import linkage.comparison_library as cl
from linkage.blocking import block_on
from linkage.linker.linker import Linker
from linkage.linker.settings import LinkSettings, LinkType
from linkage.linker.training import largest_prior
from tests.linkage.people import people


def test_persons_of_three_tables_are_linked_in_all_of_them() -> None:
    left, right, true = people(300)
    columns = [name for name in left.column_names if name != "id" and name in right.column_names]
    settings = LinkSettings(
        link_type=LinkType.LINK_ONLY,
        comparisons=tuple(cl.ExactMatch(name) for name in columns),
        blocking_rules_to_generate_predictions=tuple(block_on(name) for name in columns),
        unique_id_column_name="id",
    )
    linker = Linker({"a": left, "b": right, "c": right}, settings)
    n_left, n_right = left.num_rows, right.num_rows
    most = 2 * min(n_left, n_right) + n_right
    assert largest_prior(settings.cardinality, linker.engine) == most / (2 * n_left * n_right + n_right * n_right)
    linked = linker.link()
    assert linked.trained is not None
    assert not any("more than there can be" in said for said in linked.trained.fit.warnings)
    assert linked.links.num_rows > n_right + len(true)
