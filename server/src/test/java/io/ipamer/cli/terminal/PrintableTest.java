package io.ipamer.cli.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PrintableTest {
    @ParameterizedTest
    @ValueSource(
            strings = {"", "web-1", "Büro Köln", "日本語", "e\u0301", "a\u030a\u0323", "कि", "ถึง", "한국", "👩", "a\\b"})
    void whatPeopleWriteStaysAsItIs(String text) {
        assertThat(Printable.of(text)).isSameAs(text);
    }

    @ParameterizedTest
    @CsvSource({
        "'a\u001b[2Jb', a\\u001b[2Jb",
        "'a\u009b31mb', a\\u009b31mb",
        "'a\u202etxt.exe', a\\u202etxt.exe",
        "'a\u2066b\u2069', a\\u2066b\\u2069",
        "'a\u2028b', a\\u2028b",
        "'a\u200bb', a\\u200bb",
        "'a\ufeffb', a\\ufeffb",
        "'a\u007fb', a\\u007fb",
        "'a\ud800b', a\\ud800b",
        "'\udb40\udc41', \\udb40\\udc41",
        "'می\u200cخواهم', می\\u200cخواهم",
        "'👩\u200d💻', 👩\\u200d💻"
    })
    void whatMovesTurnsOrHidesIsWrittenOut(String text, String shown) {
        assertThat(Printable.of(text)).isEqualTo(shown);
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                0xa0, 0xad, 0x34f, 0x115f, 0x1160, 0x1680, 0x17b4, 0x180b, 0x180e, 0x180f, 0x2003, 0x200b, 0x200c,
                0x200d, 0x202f, 0x205f, 0x2060, 0x2064, 0x2065, 0x2800, 0x3000, 0x3164, 0xfe00, 0xfe0f, 0xfeff, 0xffa0,
                0xfff0, 0xfffb, 0x1d159, 0x1d173, 0xe0001, 0xe0100, 0xe01ef, 0xe0fff
            })
    void textsThatDifferByWhatIsNotSeenLookDifferent(int unseen) {
        assertThat(Printable.of("web" + Character.toString(unseen) + "1")).matches("web(\\\\u[0-9a-f]{4}){1,2}1");
    }

    @Test
    void linesTabsAndBackspacesAreWrittenOut() {
        assertThat(Printable.of("a\nb\rc\td\be\u0000")).isEqualTo("a\\u000ab\\u000dc\\u0009d\\u0008e\\u0000");
    }

    @Test
    void nothingThatIsShownControlsATerminalSeed1() {
        Random random = new Random(1);
        for (int round = 0; round < 20_000; round++) {
            String text = random.ints(8, 0, random.nextBoolean() ? 0x300 : 0x110000)
                    .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                    .toString();
            assertThat(Printable.of(text).codePoints())
                    .as("round %s", round)
                    .noneMatch(point -> Character.isISOControl(point) || (point >= 0x202a && point <= 0x202e));
        }
    }

    @ParameterizedTest
    @CsvSource({"abc,3", "é,1", "e\u0301,1", "日本,4", "ｆｕｌｌ,8", "한국,4", "😀,2", "█░,2", "…,1", "'',0"})
    void widthIsWhatTheTerminalGives(String text, int width) {
        assertThat(Printable.width(text)).isEqualTo(width);
    }

    @ParameterizedTest
    @CsvSource({
        "abcdef,6,abcdef",
        "abcdef,5,abcd…",
        "日本語,6,日本語",
        "日本語,5,日本…",
        "日本語,4,日…",
        "e\u0301e\u0301e\u0301,2,e\u0301…"
    })
    void aCutLeavesWholeCharacters(String text, int columns, String cut) {
        assertThat(Printable.cut(text, columns, "…")).isEqualTo(cut);
    }
}
