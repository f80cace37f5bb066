package io.ipamer.cli.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipamer.cli.terminal.ProgressBar.Unit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProgressBarTest {
    private long millis = -40; // a clock may begin anywhere, also before zero

    private long nanos() {
        return millis * 1_000_000;
    }

    private String last(Screen screen) {
        return screen.err().substring(screen.err().lastIndexOf('\r') + 1).stripTrailing();
    }

    @Test
    void itTellsPartRateAndTimeThatIsLeft() {
        Screen screen = Screen.ofTerminal(80);
        ProgressBar bar = ProgressBar.of(screen.terminal(), "addresses", Unit.THINGS, 10_000, this::nanos);
        millis += 1_000;
        bar.at(2_500);
        assertThat(last(screen))
                .isEqualTo("[██████░░░░░░░░░░░░░░░░░░░]  25%  2,500 of 10,000 addresses, 2,500/s, 0:03 left");
        millis += 1_000;
        bar.add(2_500);
        assertThat(last(screen))
                .isEqualTo("[████████████░░░░░░░░░░░░░]  50%  5,000 of 10,000 addresses, 2,500/s, 0:02 left");
    }

    @Test
    void bytesHaveTheirUnits() {
        Screen screen = Screen.inAscii(80);
        ProgressBar bar = ProgressBar.of(screen.terminal(), "sent", Unit.BYTES, 1_999_960_000, this::nanos);
        millis += 10_000;
        bar.at(999_960);
        assertThat(last(screen))
                .isEqualTo("[.......................]   0%  1.0 MB of 2.0 GB sent, 100.0 kB/s, 5:33:10 left");
        assertThat(screen.err()).isASCII();
    }

    @Test
    void workOfUnknownSizeHasNoBar() {
        Screen screen = Screen.ofTerminal(80);
        ProgressBar bar = ProgressBar.ofUnknown(screen.terminal(), "received", Unit.BYTES, this::nanos);
        millis += 500;
        bar.at(999);
        assertThat(last(screen)).isEqualTo("999 B received, 2.0 kB/s");
    }

    @Test
    void itIsTakenAwayAtTheEndAndStaysAway() {
        Screen screen = Screen.ofTerminal(80);
        ProgressBar bar = ProgressBar.ofUnknown(screen.terminal(), "addresses", Unit.THINGS, this::nanos);
        millis += 500;
        bar.at(10);
        int shown = last(screen).length();
        bar.close();
        assertThat(screen.err()).endsWith("\r" + " ".repeat(shown) + "\r");
        String all = screen.err();
        millis += 500;
        bar.at(20);
        bar.close();
        assertThat(screen.err()).isEqualTo(all);
    }

    @Test
    void aLineThatGetsShorterLeavesNothingOfTheLongerOne() {
        Screen screen = Screen.ofTerminal(80);
        ProgressBar bar = ProgressBar.ofUnknown(screen.terminal(), "addresses", Unit.THINGS, this::nanos);
        millis += 500;
        bar.at(1_000_000);
        millis += 1_000_000;
        bar.at(1_000_001);
        assertThat(screen.err()).isEqualTo("\r1,000,000 addresses, 2,000,000/s\r1,000,001 addresses, 1,000/s    ");
    }

    @Test
    void workThatIsDoneAtOnceShowsNothing() {
        Screen screen = Screen.ofTerminal(80);
        try (ProgressBar bar = ProgressBar.of(screen.terminal(), "addresses", Unit.THINGS, 10, this::nanos)) {
            millis += 299;
            bar.at(10);
        }
        assertThat(screen.err()).isEmpty();
    }

    @Test
    void itIsDrawnTenTimesASecondAtMost() {
        Screen screen = Screen.ofTerminal(80);
        ProgressBar bar = ProgressBar.of(screen.terminal(), "addresses", Unit.THINGS, 1_000, this::nanos);
        for (int i = 0; i < 1_000; i++) {
            millis++;
            bar.add(1);
        }
        assertThat(screen.err().chars().filter(c -> c == '\r')).hasSize(8);
    }

    @Test
    void withoutATerminalItSaysNothing() {
        Screen screen = Screen.ofFile();
        try (ProgressBar bar = ProgressBar.of(screen.terminal(), "addresses", Unit.THINGS, 10, this::nanos)) {
            millis += 1_000;
            bar.at(5);
        }
        assertThat(screen.err()).isEmpty();
        assertThat(screen.out()).isEmpty();
    }

    @Test
    void aNarrowTerminalGetsOneLineAllTheSame() {
        for (int width = 20; width < 100; width++) {
            Screen screen = Screen.ofTerminal(width);
            ProgressBar bar = ProgressBar.of(screen.terminal(), "addresses", Unit.THINGS, 1_000_000_000, this::nanos);
            millis += 1_000;
            bar.at(7);
            assertThat(last(screen)).hasSizeLessThan(width);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "79, '[██████████████░░░░░░░]  70%  70,412 of 100,000 addresses, 70,412/s, 0:00 left'",
        "60, ' 70%  70,412 of 100,000 addresses, 70,412/s, 0:00 left'",
        "54, ' 70%  70,412 of 100,000 addresses, 70,412/s'",
        "40, ' 70%  70,412 of 100,000 addresses'",
        "30, ' 70%  70,412 of 100,000'",
        "20, ' 70%'"
    })
    void whereThereIsNoRoomPartsAreLeftOutAndNumbersStayWhole(int width, String line) {
        Screen screen = Screen.ofTerminal(width);
        ProgressBar bar = ProgressBar.of(screen.terminal(), "addresses", Unit.THINGS, 100_000, this::nanos);
        millis += 1_000;
        bar.at(70_412);
        assertThat(last(screen)).isEqualTo(line);
    }

    @ParameterizedTest
    @CsvSource({"38, '70,412,345 addresses, 70,412,345/s'", "34, '70,412,345 addresses'", "20, '70,412,345'"})
    void thatHoldsForWorkOfUnknownSizeToo(int width, String line) {
        Screen screen = Screen.ofTerminal(width);
        ProgressBar bar = ProgressBar.ofUnknown(screen.terminal(), "addresses", Unit.THINGS, this::nanos);
        millis += 1_000;
        bar.at(70_412_345);
        assertThat(last(screen)).isEqualTo(line);
    }

    @Test
    void moreThanThereWasToDoIsAllOfIt() {
        Screen screen = Screen.ofTerminal(80);
        ProgressBar bar = ProgressBar.of(screen.terminal(), "addresses", Unit.THINGS, 10, this::nanos);
        millis += 1_000;
        bar.at(20);
        assertThat(last(screen)).contains("100%  20 of 10 addresses, 20/s, 0:00 left");
    }
}
