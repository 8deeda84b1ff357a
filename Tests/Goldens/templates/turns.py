"""Dialogues whose masks masks.py writes: questions and answers, calls, thinking; none spells a control token."""

from dialogues import TIME, WEATHER, assistant, call, system, user

TURNS = {
    "pair": {"messages": [user("What is 2 + 2?"), assistant("4")]},
    "system": {"messages": [system("Answer in one word."), user("Capital of France?"), assistant("Paris.")]},
    "pairs": {"messages": [user("Hi"), assistant("Hello!"), user("Bye"), assistant("See you.")]},
    "many": {"messages": [system("Be brief.\n\nBe kind.")] + [
        m for n in range(1, 4) for m in (user(f"Question {n}: {'la ' * n}"), assistant(f"Answer {n}, {'so ' * n}on."))]},
    "open": {"messages": [system("Count."), user("One"), assistant("Two"), user("Three?")]},
    "unicode": {"messages": [user("Grüße, 日本 🤖 e\u0301"), assistant("naïve — ç 🤖\nnext line")]},
    "lines": {"messages": [user("Write code."), assistant("def f(x):\n    return x\n\n\nf(1)"), user("Shorter"), assistant("f = id")]},
    "blanks": {"messages": [user("  spaces  "), assistant("  one\n\n two  "), user("\n"), assistant("three \n")]},
    "thinking": {"messages": [
        user("One?"), assistant("<think>\nI count.\n</think>\n\n1"), user("Two?"), assistant("<think>\nAgain, 1 + 1.\n</think>\n\n2")]},
    "quotes": {"messages": [user("JSON?"), assistant("{\"a\": [1, 'b'], \"c\": \"d\\n\"} & 50%% {0} {{ x }}")]},
    "three": {"messages": [m for n in "abc" for m in (user(f"{n}?"), assistant(f"{n.upper()}.\n\n- one\n- two"))]},
    "long": {"messages": [user("Tell me " + "more and " * 40 + "more."), assistant("So " * 60 + "it was.")]},
    "same": {"messages": [user("ok"), assistant("ok"), user("ok"), assistant("ok")]},
    "reasoning": {"messages": [
        user("Hi"), assistant("Hello", reasoning_content="Greet them."), user("Bye"), assistant("Bye!", reasoning="End it.")]},
    "assistant first": {"messages": [assistant("Welcome! How can I help?"), user("Sing."), assistant("La la.")]},
    "call": {"messages": [
        system("Use tools."), user("Weather in Bern?"),
        assistant(None, tool_calls=[call("get_weather", place="Bern", days=3, options={"wind": True, "tags": ["a", "it's"]})]),
        {"role": "tool", "content": "{\"temp\": 3.5}", "name": "get_weather", "tool_call_id": "abcdef123"},
        assistant("It is 3.5 °C."), user("Thanks"), assistant("You're welcome.")], "tools": [WEATHER]},
    "calls": {"messages": [
        user("Weather in Bern and Rome?"),
        assistant("Let me look.", tool_calls=[
            call("get_weather", place="Bern", unit="C"), call("get_weather", "zyxwvu987", place="Rome", days=1)]),
        {"role": "tool", "content": "3", "tool_call_id": "abcdef123"}, {"role": "tool", "content": "15", "tool_call_id": "zyxwvu987"},
        assistant("3 and 15.")], "tools": [TIME, WEATHER]},
    "two answers": {"messages": [user("Go"), assistant("Gone."), assistant("And back.")]},
}
