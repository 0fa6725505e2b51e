"""For scripts/lint.sh: pyflakes names what is missing here. A server of the tests once failed by such a name, unseen."""


def piece(token):
    return {"token": shown(token)}
