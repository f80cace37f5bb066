package io.ipamer.cli.terminal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class TableTest {
    private static Table addresses(Screen screen) {
        return new Table(screen.terminal())
                .column("ADDRESS")
                .number("AGE")
                .text("OWNER")
                .text("DESCRIPTION");
    }

    @Test
    void columnsAreAsWideAsTheyMustBeAndNumbersStandToTheRight() {
        Screen screen = Screen.ofFile();
        Table table = addresses(screen);
        table.row("10.0.0.1", "3", "web", "");
        table.row("10.0.0.200", "12345", "日本", "the gateway");
        table.row("10.0.0.3", "1", "", "");
        table.end();
        assertThat(screen.out().lines())
                .containsExactly(
                        "ADDRESS       AGE  OWNER  DESCRIPTION",
                        "10.0.0.1        3  web",
                        "10.0.0.200  12345  日本   the gateway",
                        "10.0.0.3        1");
    }

    @Test
    void withoutRowsThereAreHeaders() {
        Screen screen = Screen.inColours(80);
        addresses(screen).end();
        assertThat(screen.out())
                .isEqualTo("\u001b[1mADDRESS  AGE  OWNER  DESCRIPTION\u001b[0m" + System.lineSeparator());
    }

    @Test
    void aTerminalThatIsTooNarrowCutsTextsAndNothingElse() {
        Screen screen = Screen.ofTerminal(48);
        Table table = addresses(screen);
        table.row("2001:db8::1", "3", "a-team", "an address that somebody once wanted");
        table.row("2001:db8::2", "4", "another-team-with-a-name", "short");
        table.end();
        List<String> lines = screen.out().lines().toList();
        assertThat(lines)
                .containsExactly(
                        "ADDRESS      AGE  OWNER           DESCRIPTION",
                        "2001:db8::1    3  a-team          an address th…",
                        "2001:db8::2    4  another-team-…  short");
        assertThat(lines).allSatisfy(line -> assertThat(Printable.width(line)).isLessThanOrEqualTo(48));
    }

    @Test
    void inAFileNothingIsCut() {
        Screen screen = Screen.ofFile();
        Table table = addresses(screen);
        table.row("10.0.0.1", "3", "web", "x".repeat(500));
        table.end();
        assertThat(screen.out()).contains("x".repeat(500));
    }

    @Test
    void anAsciiTerminalSeesAnotherMarkOfACut() {
        Screen screen = Screen.inAscii(40);
        Table table = addresses(screen);
        table.row("10.0.0.1", "3", "web", "x".repeat(50));
        table.end();
        assertThat(screen.out()).contains("xxx~").isASCII();
    }

    @Test
    void cellsCannotBeginLinesOrColours() {
        Screen screen = Screen.ofTerminal(80);
        Table table = addresses(screen);
        table.row("10.0.0.1", "3", "web\n10.0.0.2", "\u001b[31mred");
        table.end();
        assertThat(screen.out().lines()).hasSize(2).last().asString().contains("web\\u000a10.0.0.2  \\u001b[31mred");
    }

    @Test
    void rowsPassThroughWhateverTheirNumber() {
        Screen screen = Screen.ofFile();
        Table table = new Table(screen.terminal()).number("N").column("NAME");
        for (int i = 0; i < 1_000; i++) {
            table.row(Integer.toString(i), "n");
        }
        assertThat(screen.out().lines()).as("shown before the end").hasSize(1_001);
        table.row("1000000", "wider than the first ones");
        table.end();
        assertThat(screen.out().lines()).hasSize(1_002).last().isEqualTo("1000000  wider than the first ones");
    }

    @Test
    void aRowHasACellForEachColumn() {
        assertThatThrownBy(() -> addresses(Screen.ofFile()).row("10.0.0.1"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("1 cells for 4 columns");
    }
}
