"""The texts that the tokenizers' goldens are made from: a corpus to learn from, and texts that are awkward to cut."""

CORPUS = """The quick brown fox jumps over the lazy dog. The dog sleeps, and the fox runs away into the wood.
A model is trained on text; text is cut into pieces, and pieces become numbers. Numbers become text again.
In the morning the baker opens the shop and sells bread, rolls and cake. In the evening he closes it again.
Rain falls on the roof, on the street and on the garden. The children wait at the window for the sun.
Trains leave the station every hour; the first at six, the last at eleven. Tickets are sold on the train.
She said that she would come, but she did not come. He waited, he walked and he waited again.
Das Haus steht am Rand der Stadt. Im Garten wachsen Äpfel, Birnen und Kirschen, und im Winter liegt dort Schnee.
Der Zug fährt um acht Uhr ab und kommt um zehn Uhr an. Die Straße führt über die Brücke zum Bahnhof.
Größe, Fußgänger, Übung, schön, süß, Mädchen: Wörter mit Umlauten und mit scharfem S stehen in jedem Text.
今天天气很好，我们去公园散步。公园里有很多花，也有很多人。明天我们去看电影。
Numbers such as 12, 1024, 3.14 and 2026 stand beside words; so do signs: (a + b) * c = 7% of $100.
def add(a, b): return a + b
for name in names: print(name, end="")
"""

AWKWARD = [
    "", " ", "   ", "\n", "\t", "\n\n \n", "a", " a", "a ", "  a  b   c  ",
    "The quick brown fox jumps over the lazy dog.",
    "Fußgänger überqueren die Straße, größer als Mädchen dachten.",
    "今天天气很好，我们去看电影。", "我们we混合mixed文本text。",
    "emoji 🤖🎉👩‍👩‍👧‍👦 flags 🇩🇪🇨🇳 skin 👍🏽", "❤️ and ❤",
    "e\u0301 is é, A\u030a is Å, o\u0308\u0304", "q\u0307\u0323 q\u0323\u0307", "ﬁrst oﬃce ﬂag ĳ", "ｆｕｌｌ　ｗｉｄｔｈ　１２３！",
    "① ② ½ ² ™ ℃ Ⅷ", "tab\tbetween\ttabs", "line\nbreaks\r\nand\rreturns", "no\u00a0break\u2003em\u200bzero\u3000ideographic",
    "control\x00\x01\x1f\x7fcharacters", "soft\u00adhyphen \ufeffmark \u2028line", "▁metaspace▁ ▁▁ typed▁", " ▁ ", "12345678901234567890 3.14159 1,000,000",
    "don't I'll we've it's O'Neill", "snake_case camelCase kebab-case /path/to/file.txt", "def f(x):\n    return x + 1\n\n\nprint(f(2))",
    "!!!???...---___***", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "Русский текст и ελληνικά and עברית عربي हिन्दी ไทย",
    "한국어 텍스트 각 각", "x\u0301\u0302\u0303\u0304\u0305 stacked", "<sep> at the start", "in<sep>the middle", "two <sep> <sep>apart <sep>",
    "<ctrl> and <s> and </s> and <unk> and <0x41>", "the thethe the<verylongsymbol>the the<verylongsymbolthe", "¨ diaeresis ´ acute ¸", "\U0001d400\U0001d401 \U0001f1e6",
    "  leading and trailing  ", "a\u00a0\u00a0 b", "Ω Ω Å K",
]
