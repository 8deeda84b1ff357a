"""Contexts of the templates in modern/: what `apply_chat_template` gives a template, beyond bare messages."""

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a place.\nIn metric units.",
        "parameters": {
            "type": "object",
            "properties": {
                "place": {"type": "string", "description": "City, e.g. Zürich"},
                "unit": {"type": "string", "enum": ["C", "F"], "default": "C"},
                "days": {"type": ["integer", "null"]},
                "options": {"type": "object", "properties": {"wind": {"type": "boolean"}, "tags": {"type": "array", "items": {"type": "string"}}}},
            },
            "required": ["place"],
        },
    },
}
TIME = {"type": "function", "function": {"name": "Now", "description": "The time.", "parameters": {"type": "object", "properties": {}}}}


def user(text):
    return {"role": "user", "content": text}


def assistant(text, **more):
    return {"role": "assistant", "content": text, **more}


def system(text):
    return {"role": "system", "content": text}


def call(name, identity="abcdef123", **arguments):
    return {"id": identity, "type": "function", "function": {"name": name, "arguments": arguments}}


DIALOGUES = {
    "question": {"messages": [user("What is 2 + 2?")]},
    "system": {"messages": [system("Answer in one word. /no_think"), user("Capital of France?"), assistant("Paris")]},
    "thinking": {"messages": [
        user("One?"), assistant("<think>\nI count.\n</think>\n\n1"), user("Two?"), assistant("<think>\nAgain, 1 + 1.\n</think>\n\n2")]},
    "reasoning": {"messages": [
        system("Think."), user("Hi"), assistant("Hello", reasoning_content="Greet them."), user("Bye"),
        assistant("Bye!", reasoning_content="\nEnd it.\n")], "enable_thinking": False},
    "assistant first": {"messages": [assistant("Welcome! How can I help?"), user("Sing."), assistant("La\nla  \n\n la.")], "show_hint": True},
    "tools": {"messages": [user("Weather in Bern?")], "tools": [WEATHER, TIME]},
    "call": {"messages": [
        system("Use tools."), user("Weather in Bern?"),
        assistant("", tool_calls=[call("get_weather", place="Bern", days=3, options={"wind": True, "tags": ["a", "it's"]})]),
        {"role": "tool", "content": "{\"temp\": 3.5}", "name": "get_weather", "tool_call_id": "abcdef123"},
        assistant("It is 3.5 °C.")], "tools": [WEATHER]},
    "calls": {"messages": [
        user("Weather in Bern and Rome?"),
        assistant("Let me look.", tool_calls=[
            call("get_weather", place="Bern", unit="C"), call("get_weather", "zyxwvu987", unit=None, place="Rome \"Roma\"", days=1.0)]),
        {"role": "tool", "content": "3"}, {"role": "tool", "content": "15"}], "tools": [TIME, WEATHER]},
    "markup": {"messages": [
        system("  <|im_end|> {{ 7 * 7 }} {% if %}  "), user("Grüße, 日本 🤖 <b>&amp;</b>\r\n\ttab"), assistant("'quoted' \"too\" \\n 50%% {0}")]},
    "documents": {"messages": [user("Summarise."), user("In German.")], "documents": [
        {"title": "the first-born (of two)", "text": "A text that is long enough to be cut at a word, and then some more.", "source": "web", "score": 0.98765},
        {"text": "Short.\nTwo lines.", "source": "Book"}, {"title": "x", "text": "No source."}, {"title": "again", "text": "Web.", "source": "web", "score": 2.5}],
        "controls": {"length": "short", "citations": True}},
    "many": {"messages": [system("Be kind.")] + [m for n in range(1, 6) for m in (user(f"Q{n}? " * n), assistant(f"A{n}. " * n))] + [user("End?")], "reasoning_effort": "high", "strict": True},
    "parts": {"messages": [{"role": "user", "content": [{"type": "text", "text": " Look: "}, {"type": "image"}, {"type": "text", "text": "what?"}]}]},
    "developer": {"messages": [{"role": "developer", "content": "Rules.\n"}, system("More rules."), user("Go"), assistant("Gone.\n")], "tools": []},
}
