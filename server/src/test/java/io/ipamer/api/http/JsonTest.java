package io.ipamer.api.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Field;
import com.google.protobuf.InvalidProtocolBufferException;
import io.ipamer.api.http.RawConnection.Answer;
import java.io.IOException;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is JSON, and what only looks like it. */
@Timeout(60)
@Isolated // a TestDoor reads what the whole process logs
class JsonTest {
    @RegisterExtension
    static final TestDoor DOOR = TestDoor.open();

    private static Field read(String text) throws InvalidProtocolBufferException {
        return read(RawConnection.bytes(text));
    }

    private static Field read(byte[] body) throws InvalidProtocolBufferException {
        Field.Builder message = Field.newBuilder();
        Json.read(body, message);
        return message.build();
    }

    private static void assertRefused(String text, String why) throws IOException {
        Answer answer = DOOR.json(TestDoor.ECHO, text);
        assertThat(answer.status()).as(answer.body()).isEqualTo(400);
        assertThat(answer.body())
                .startsWith("{\"code\":\"invalid_argument\",\"message\":\"malformed request: ")
                .contains(why)
                .doesNotContain("com.google", "gson", "STRICT", "LENIENT", "https:", "Exception")
                .hasSizeLessThan(500);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"typeUrl\":\"a\",\"oneofIndex\":7}",
                "{\"type_url\":\"a\",\"oneof_index\":7}",
                "{\"type_url\":\"a\",\"oneofIndex\":\"7\"}",
                " \t\r\n{ \"type_url\" : \"\\u0061\" , \"oneofIndex\":7.0e0} \n"
            })
    void namesComeInEitherCaseAndNumbersAsTextToo(String text) throws IOException {
        assertThat(DOOR.json(TestDoor.ECHO, text).body()).isEqualTo("{\"typeUrl\":\"a\",\"oneofIndex\":7}");
    }

    @Test
    void unknownFieldsAreIgnored() throws IOException {
        assertThat(DOOR.json(TestDoor.ECHO, "{\"name\":\"a\",\"what\":{\"x\":[1,{\"y\":null}]},\"\":1}")
                        .body())
                .isEqualTo("{\"name\":\"a\"}");
    }

    @Test
    void nullIsAsIfNotSaid() throws IOException {
        assertThat(DOOR.json(TestDoor.ECHO, "{\"name\":null,\"number\":null,\"options\":null}")
                        .body())
                .isEqualTo("{}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "[]",
                "[{}]",
                "\"x\"",
                "x",
                "1",
                "null",
                "true",
                "{",
                "}",
                "{}}",
                "{}{}",
                "{} x",
                "{},",
                "{]",
                "{\"name\"",
                "{\"name\":",
                "{\"name\":}",
                "{\"name\":\"a\"",
                "{\"name\":\"a\",}",
                "{,}",
                "{\"name\":\"a\" \"number\":1}",
                "{\"name\";\"a\"}",
                "{\"name\"=\"a\"}",
                "{\"name\"=>\"a\"}",
                "{'name':\"a\"}",
                "{\"name\":'a'}",
                "{name:\"a\"}",
                "{\"name\":a}",
                "/*c*/{}",
                "{}//c",
                "#c\n{}",
                "{\"number\":NaN}",
                "{\"number\":Infinity}",
                "{\"number\":-Infinity}",
                "{\"number\":01}",
                "{\"number\":+1}",
                "{\"number\":.5}",
                "{\"number\":0x10}",
                "{\"number\":1.}",
                "{\"number\":1e}",
                "{\"what\":NaN}",
                "{\"what\":01}",
                "{\"packed\":TRUE}",
                "{\"packed\":True}",
                "{\"packed\":nul}",
                "{\"name\":NULL}",
                "{\"name\":\"a\nb\"}",
                "{\"name\":\"a\tb\"}",
                "{\"name\":\"\\x\"}",
                "{\"name\":\"\\u12\"}",
                "{\"name\":\"\\'\"}",
                ")]}'\n{}",
                "{\"options\":[1,]}",
                "{\"options\":[,]}",
                "{\"options\":[;]}",
                "{\"what\":[1;2]}"
            })
    void whatOnlyLooksLikeJsonIsRefused(String text) throws IOException {
        assertRefused(text, "");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\\ud800", "\\udc00", "\\udc00\\ud800", "a\\ud800b"})
    void halvesOfCharactersAreRefused(String half) throws IOException {
        assertRefused("{\"name\":\"" + half + "\"}", "");
        assertRefused("{\"" + half + "\":1}", "");
    }

    @Test
    void aMarkOfTheByteOrderIsPassedOver() throws IOException {
        assertThat(DOOR.json(TestDoor.ECHO, "\uFEFF{\"name\":\"a\"}").body()).isEqualTo("{\"name\":\"a\"}");
    }

    @Test
    void wholeCharactersAreTakenAsEscapesOrNot() throws IOException {
        assertThat(DOOR.json(TestDoor.ECHO, "{\"name\":\"\\ud83d\\ude00😀\\u0000\"}")
                        .body())
                .isEqualTo("{\"name\":\"😀😀\\u0000\"}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"name\":1}|name",
                "{\"name\":true}|name",
                "{\"name\":{}}|name",
                "{\"name\":[]}|name",
                "{\"name\":[\"a\"]}|name",
                "{\"number\":\"x\"}|number",
                "{\"number\":\"\"}|number",
                "{\"number\":\" 1\"}|number",
                "{\"number\":1.5}|number",
                "{\"number\":true}|number",
                "{\"number\":{}}|number",
                "{\"number\":[1]}|number",
                "{\"number\":2147483648}|number",
                "{\"number\":-2147483649}|number",
                "{\"number\":1e400}|number",
                "{\"number\":1e999999999}|number",
                "{\"number\":1e-999999999}|number",
                "{\"number\":\"1e999999999\"}|number",
                "{\"number\":\"NaN\"}|number",
                "{\"packed\":1}|packed",
                "{\"packed\":\"true\"}|packed",
                "{\"packed\":\"yes\"}|packed",
                "{\"kind\":\"TYPE_WHAT\"}|kind",
                "{\"kind\":\"\"}|kind",
                "{\"kind\":1.5}|kind",
                "{\"kind\":true}|kind",
                "{\"kind\":{}}|kind",
                "{\"options\":{}}|options",
                "{\"options\":\"x\"}|options",
                "{\"options\":[null]}|options",
                "{\"options\":[1]}|options",
                "{\"options\":[{\"name\":1}]}|name"
            })
    void aValueOfTheWrongTypeIsRefusedByTheNameOfItsField(String text, String field) throws IOException {
        assertRefused(text, field);
    }

    @Test
    void enumerationsComeByNameAndByNumber() throws IOException {
        assertThat(DOOR.json(TestDoor.ECHO, "{\"kind\":\"TYPE_BOOL\",\"cardinality\":3}")
                        .body())
                .isEqualTo("{\"kind\":\"TYPE_BOOL\",\"cardinality\":\"CARDINALITY_REPEATED\"}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"name\":\"a\",\"name\":\"a\"}|name",
                "{\"name\":\"a\",\"n\\u0061me\":\"b\"}|name",
                "{\"typeUrl\":\"a\",\"type_url\":\"a\"}|type",
                "{\"type_url\":\"a\",\"typeUrl\":null}|type",
                "{\"options\":[{\"name\":\"a\",\"name\":\"b\"}]}|name",
                "{\"what\":{\"x\":1,\"x\":2}}|x",
                "{\"what\":1,\"what\":2}|what"
            })
    void aNameThatComesTwiceIsRefused(String text, String name) throws IOException {
        assertRefused(text, name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"[", "{\"what\":", "{\"options\":[", "{\"options\":[{\"value\":", "{\"what\":["})
    void deepNestingIsRefused(String opening) throws IOException {
        assertRefused("{\"what\":" + opening.repeat(1_000_000), "");
    }

    @Test
    void aHugeNumberIsRefusedQuickly() throws IOException {
        assertRefused("{\"number\":" + "9".repeat(1_000_000) + "}", "it is no JSON");
        assertRefused("{\"number\":\"" + "9".repeat(1_000_000) + "\"}", "number");
    }

    @Test
    void aLongValueIsNotToldBack() throws IOException {
        assertRefused("{\"kind\":\"" + "x".repeat(100_000) + "\"}", "kind");
        assertRefused("{\"" + "x".repeat(100_000) + "\":1,\"" + "x".repeat(100_000) + "\":1}", "xxx");
        assertRefused("x".repeat(100_000), "");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ff", "c0af", "eda080", "f8888080", "e2"})
    void bytesThatAreNotUtf8AreRefused(String hex) {
        byte[] body = RawConnection.join(
                RawConnection.bytes("{\"name\":\""), HexFormat.of().parseHex(hex), RawConnection.bytes("\"}"));

        assertThatThrownBy(() -> read(body)).hasMessageContaining("it is not UTF-8");
    }

    @Test
    void whatIsReadIsWhatWasWritten() throws IOException {
        Field message = Field.newBuilder()
                .setName("ä\"\\\u2028")
                .setNumber(-1)
                .setPacked(true)
                .build();

        assertThat(read(Json.write(message))).isEqualTo(message);
    }
}
