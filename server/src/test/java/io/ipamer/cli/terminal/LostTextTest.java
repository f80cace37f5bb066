package io.ipamer.cli.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LostTextTest {
    @Test
    void anArgumentThatWasDestroyedIsShownInAscii() {
        assertThat(LostText.complaint("ANSI_X3.4-1968", "--owner", "J\ufffd\ufffdrgen"))
                .isEqualTo(
                        "argument \"J??rgen\" must be in the charset of the locale, ANSI_X3.4-1968, and where the ? are it"
                                + " is not; with LC_ALL=C.UTF-8 arguments are UTF-8");
    }

    @Test
    void allElseIsTaken() {
        assertThat(LostText.complaint("UTF-8", "--owner", "Jürgen?", "")).isNull();
        assertThat(LostText.complaint("UTF-8")).isNull();
    }
}
