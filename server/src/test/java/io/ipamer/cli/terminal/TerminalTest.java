package io.ipamer.cli.terminal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TerminalTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private Terminal terminal(Map<String, String> variables, Map<String, String> properties, Integer... terminals) {
        return new Surroundings(variables::get, properties::get, Set.of(terminals)::contains)
                .terminal(
                        new PrintStream(out, true),
                        new PrintStream(err, true),
                        new ByteArrayInputStream("yes\n".getBytes(Charset.defaultCharset())));
    }

    @ParameterizedTest
    @ValueSource(strings = {"y\n", "yes\n", "YES\n", " Y \r\n", "yes"})
    void yesIsYes(String typed) {
        Screen screen = Screen.typing(typed);
        assertThat(screen.terminal().confirm("delete 10.0.0.0/24")).isTrue();
        assertThat(screen.err()).isEqualTo("delete 10.0.0.0/24? [y/N] ");
        assertThat(screen.out()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "n\n", "yess\n", "ja\n", "\ny\n"})
    void allElseIsNo(String typed) {
        assertThat(Screen.typing(typed).terminal().confirm("delete 10.0.0.0/24"))
                .isFalse();
    }

    @Test
    void withoutAnybodyToAskTheQuestionIsRefusedAndTheFlagNamed() {
        assertThatThrownBy(() -> Screen.ofFile().terminal().confirm("delete 10.0.0.0/24"))
                .isInstanceOf(NoAnswerException.class)
                .hasMessage("nobody is there to be asked (delete 10.0.0.0/24); --yes does it without asking");
    }

    @Test
    void aQuestionIsAskedOnlyWhereItIsSeenAndCanBeAnswered() {
        assertThat(terminal(Map.of(), Map.of(), 0, 2).confirm("go on")).isTrue();
        Terminal unseen = terminal(Map.of(), Map.of(), 0, 1);
        assertThatThrownBy(() -> unseen.confirm("go on")).isInstanceOf(NoAnswerException.class);
        Terminal unanswered = terminal(Map.of(), Map.of(), 1, 2);
        assertThatThrownBy(() -> unanswered.confirm("go on")).isInstanceOf(NoAnswerException.class);
    }

    @Test
    void whatTheLauncherSaysCountsBeforeWhatJavaFinds() {
        Terminal terminal = terminal(
                Map.of("COLUMNS", "90"), Map.of(Surroundings.TERMINALS, "2", Surroundings.COLUMNS, "132"), 0, 1);
        assertThat(terminal.onTerminal()).isFalse();
        assertThat(terminal.errOnTerminal()).isTrue();
        assertThat(terminal.width()).isEqualTo(132);
    }

    @ParameterizedTest
    @CsvSource({"'',80", "0,80", "-5,80", "wide,80", "120,120", "5,20", "9999,1000", "99999,80"})
    void aWidthThatCannotBeIsNotBelieved(String told, int width) {
        assertThat(terminal(Map.of("COLUMNS", told), Map.of(), 1).width()).isEqualTo(width);
    }

    @Test
    void aFileIsAsWideAsEverWhateverTheTerminalIs() {
        Terminal terminal = terminal(Map.of("COLUMNS", "200"), Map.of());
        assertThat(terminal.width()).isEqualTo(80);
    }

    @Test
    void coloursAreForTerminalsThatHaveThemAndPeopleWhoWantThem() {
        assertThat(terminal(Map.of("TERM", "xterm"), Map.of(), 1, 2).colours()).isTrue();
        assertThat(terminal(Map.of("TERM", "xterm", "NO_COLOR", ""), Map.of(), 1, 2)
                        .colours())
                .isTrue();
        assertThat(terminal(Map.of("TERM", "xterm"), Map.of(), 2).colours()).isFalse();
        assertThat(terminal(Map.of("TERM", "xterm", "NO_COLOR", "1"), Map.of(), 1, 2)
                        .colours())
                .isFalse();
        Terminal dumb = terminal(Map.of("TERM", "dumb"), Map.of(), 1, 2);
        assertThat(dumb.colours()).isFalse();
        assertThat(dumb.onTerminal()).isTrue();
        assertThat(dumb.errOnTerminal()).as("it cannot write over a line").isFalse();
    }

    @Test
    void stylesAreWrittenOnlyWithColours() {
        assertThat(Screen.inColours(80).terminal().styled(Style.RED, "full")).isEqualTo("\u001b[31mfull\u001b[0m");
        assertThat(Screen.inColours(80).terminal().styled(Style.RED, "")).isEmpty();
        assertThat(Screen.ofTerminal(80).terminal().styled(Style.RED, "full")).isEqualTo("full");
    }

    @ParameterizedTest
    @CsvSource({
        "UTF-8,          true,  true,  C3BC",
        "UTF-8,          false, true,  C3BC",
        "ISO-8859-1,     true,  false, FC",
        "ISO-8859-1,     false, false, C3BC",
        "ANSI_X3.4-1968, true,  false, C3BC",
        "no-such,        true,  false, C3BC"
    })
    void programsReadUtf8AndTerminalsTheirLocale(String locale, boolean onTerminal, boolean unicode, String bytes) {
        Map<String, String> properties = Map.of("native.encoding", locale);
        Terminal terminal = onTerminal ? terminal(Map.of(), properties, 1, 2) : terminal(Map.of(), properties);
        terminal.out().print("ü");
        terminal.out().flush();
        assertThat(terminal.unicode()).isEqualTo(unicode);
        StringBuilder hex = new StringBuilder();
        for (byte b : out.toByteArray()) {
            hex.append(String.format("%02X", b));
        }
        assertThat(hex).hasToString(bytes);
    }

    @ParameterizedTest
    @CsvSource({"US-ASCII, UTF-8, false", "UTF-8, ANSI_X3.4-1968, true"})
    void theLauncherKnowsTheCharsetWhereItHadJavaTakeAnotherLocale(String told, String locale, boolean unicode) {
        Map<String, String> properties = Map.of(Surroundings.CHARSET, told, "native.encoding", locale);
        assertThat(terminal(Map.of(), properties, 1, 2).unicode()).isEqualTo(unicode);
    }

    @Test
    void whatNobodyTakesIsAnErrorOfTheWriter() {
        OutputStream full = new OutputStream() {
            @Override
            public void write(int one) throws IOException {
                throw new IOException("No space left on device");
            }
        };
        Terminal terminal = new Surroundings(name -> null, name -> null, descriptor -> false)
                .terminal(new PrintStream(full), new PrintStream(err), InputStream.nullInputStream());
        terminal.out().println("lost");
        assertThat(terminal.out().checkError()).isTrue();
        terminal.err().println("told");
        assertThat(terminal.err().checkError()).isFalse();
    }
}
