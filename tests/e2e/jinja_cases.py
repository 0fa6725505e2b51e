"""Conversations that every chat template is tried on."""

SYSTEM = {"role": "system", "content": "You are terse."}
USER = {"role": "user", "content": "What is 2+2?"}
ANSWER = {"role": "assistant", "content": "4"}
AGAIN = {"role": "user", "content": "And 3+3?\nThink."}
ZOO = {"role": "user", "content": " <b>\"quoted\" & 'single'</b> é 中文 \U0001f600 {{ x }} {% y %} \\n\n\n end "}
TOOLS = [
    {"type": "function", "function": {
        "name": "get_weather", "description": "Weather of a \"city\" <now> & here, é",
        "parameters": {"type": "object", "required": ["city"], "properties": {
            "city": {"type": "string", "description": "Its name"},
            "unit": {"type": "string", "enum": ["C", "F"]},
            "days": {"type": "integer", "default": 3},
            "tags": {"type": "array", "items": {"type": "string"}}}}}},
    {"type": "function", "function": {
        "name": "now", "description": "The time", "parameters": {"type": "object", "properties": {}}}},
]


def call(arguments):
    return {"role": "assistant", "content": "", "tool_calls": [
        {"id": "call00001", "type": "function",
         "function": {"name": "get_weather", "arguments": arguments}}]}


RESULT = {"role": "tool", "tool_call_id": "call00001", "name": "get_weather", "content": "21.5 °C"}
CALLED = [USER, call({"city": "Zürich", "days": 2, "exact": 1.5, "deep": {"a": [1, None, True]}}), RESULT]
PARTS = {"role": "user", "content": [{"type": "text", "text": "Part one."},
                                     {"type": "text", "text": "Part two."}]}

# name -> (messages, tools)
CASES = {
    "one turn": ([USER], None),
    "system": ([SYSTEM, USER], None),
    "turns": ([USER, ANSWER, AGAIN], None),
    "system, turns": ([SYSTEM, USER, ANSWER, AGAIN], None),
    "assistant last": ([SYSTEM, USER, ANSWER], None),
    "awkward text": ([SYSTEM, ZOO], None),
    "empty text": ([{"role": "user", "content": ""}], None),
    "two users": ([USER, AGAIN], None),
    "text parts": ([PARTS], None),
    "reasoning": ([USER, {**ANSWER, "reasoning_content": "Two and two."}, AGAIN], None),
    "think tags": ([USER, {**ANSWER, "content": "<think>\nTwo.\n</think>\n\n4"}, AGAIN], None),
    "unknown role": ([{"role": "critic", "content": "Bad."}, USER], None),
    "tools": ([USER], TOOLS),
    "system, tools": ([SYSTEM, USER], TOOLS),
    "tool called": (CALLED, TOOLS),
    "system, tool called": ([SYSTEM, *CALLED, {"role": "assistant", "content": "Warm."}, AGAIN], TOOLS),
    "tool called, arguments as text": ([USER, call('{"city": "Bern"}'), RESULT], TOOLS),
    "tool result without tools": (CALLED, None),
}
