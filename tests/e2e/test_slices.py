"""The slices of a full matrix: the same for a commit, others with each, everything after enough of them."""
from slices import seed_of, slice_of

CASES = [f"case {i}" for i in range(72)]
COMMITS = [f"{i:040x}" for i in range(100)]


def part(commit, count=12):
    return slice_of(CASES, count, commit, everything=False)


def test_a_commit_has_one_slice_of_the_size_asked_for():
    for commit in COMMITS:
        chosen = part(commit)
        assert chosen == part(commit) and len(set(chosen)) == 12
        assert chosen == [case for case in CASES if case in chosen]
    assert part(COMMITS[0], 1000) == CASES


def test_successive_commits_cover_the_matrix():
    assert len({tuple(part(commit)) for commit in COMMITS}) == len(COMMITS)
    for first in range(0, len(COMMITS), 50):  # 12 of 72: one case is missed by 50 commits once in 9,000
        assert {case for commit in COMMITS[first:first + 50] for case in part(commit)} == set(CASES)


def test_the_full_matrix_is_everything():
    assert slice_of(CASES, 3, COMMITS[0], everything=True) == CASES


def test_texts_differ_by_commit():
    assert seed_of(COMMITS[0]) == seed_of(COMMITS[0])
    assert len({seed_of(commit) for commit in COMMITS}) == len(COMMITS)
