"""Which clones are the trunk: the only root, and only children that fill every sample."""

from __future__ import annotations

import numpy as np
from tumours import clones

from truncal.drivers.trees import Clones


def test_root_and_only_children_that_leave_no_room() -> None:
    tree = {1: 0, 2: 1, 3: 2, 4: 2}
    full = clones(tree, [[1.0, 1.0], [0.99, 0.98], [0.6, 0.2], [0.3, 0.7]])
    assert full.trunk(tree) == [1, 2]
    assert [full.p_trunk(clone) for clone in (1, 2, 3, 4)] == [1, 1, 0, 0]
    room = clones(tree, [[1.0, 1.0], [0.99, 0.8], [0.6, 0.2], [0.3, 0.5]])
    assert room.trunk(tree) == [1]


def test_several_roots_have_no_trunk() -> None:
    assert clones({1: 0, 2: 0}, [[0.6], [0.4]]).trunk({1: 0, 2: 0}) == []


def test_weighed_over_trees() -> None:
    base = clones({1: 0, 2: 1}, [[1.0], [0.99]])
    both = Clones(
        base.ids, base.dcf, base.dcf_low, base.dcf_high, base.size, [(0.7, {1: 0, 2: 1}), (0.3, {2: 0, 1: 2})]
    )
    assert np.isclose(both.p_trunk(1), 1.0) and np.isclose(both.p_trunk(2), 1.0)
    assert np.isclose(both.p_ancestor(1, 2), 0.7)
    assert both.parent_support(2) == (1, 0.7)
