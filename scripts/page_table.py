"""Tables that scripts write into the documents, between <!-- NAME --> and <!-- end -->."""
import re


def with_table(page, name, table):
    """The text of a page with this table in the place of the one of that name."""
    return re.sub(rf"(<!-- {re.escape(name)} -->\n).*?(<!-- end -->)", lambda m: f"{m[1]}{table}\n{m[2]}", page,
                  flags=re.S)


def table_of(page, name):
    """What stands there now."""
    return re.search(rf"<!-- {re.escape(name)} -->\n(.*?)\n?<!-- end -->", page, re.S)[1]
