package io.ipamer.address;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is no address or CIDR, and how it is called: clients of go-ipam compare netip's words whole. */
class AddressFormatTest {

    // Input | problem | where it stopped
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "``                        | unable to parse IP |",
                "` `                       | unable to parse IP |",
                "1                         | unable to parse IP |",
                "localhost                 | unable to parse IP |",
                "3232235777                | unable to parse IP |",
                "[                         | unable to parse IP |",
                "%                         | missing IPv6 address |",
                "%eth0                     | missing IPv6 address |",
                "eth0%1.2.3.4              | missing IPv6 address |",
                // IPv4
                "1.2.3                     | IPv4 address too short |",
                "1.2.3.4.5                 | IPv4 address too long |",
                "256.0.0.0                 | IPv4 field has value >255 |",
                "10.0.0.256                | IPv4 field has value >255 |",
                "1.2.3.99999999999999999999 | IPv4 field has value >255 |",
                "010.0.0.1                 | IPv4 field has octet with leading zero |",
                "1.2.3.00                  | IPv4 field has octet with leading zero |",
                ".1.2.3                    | IPv4 field must have at least one digit | .1.2.3",
                "1..2.3                    | IPv4 field must have at least one digit | .2.3",
                "1.2.3.                    | IPv4 field must have at least one digit | .",
                "1.2.3.4.                  | IPv4 field must have at least one digit | .",
                ".                         | IPv4 field must have at least one digit | .",
                "1.2.3.4x                  | unexpected character | x",
                "1.2.3.-4                  | unexpected character | -4",
                "1.2.3.4:80                | unexpected character | :80",
                "1.2.3.4%eth0              | unexpected character | %eth0",
                "` 1.2.3.4`                | unexpected character | ` 1.2.3.4`",
                "`1.2.3.4 `                | unexpected character | ` `",
                "0x1.2.3.4                 | unexpected character | x1.2.3.4",
                "1.2.3.٣                   | unexpected character | ٣",
                "192.168.99.1.invalid      | IPv4 address too long |",
                // IPv6
                ":                         | each colon-separated field must have at least one digit | :",
                ":::                       | each colon-separated field must have at least one digit | :",
                "2001:0db8:85a3:::         | each colon-separated field must have at least one digit | :",
                ":1:2:3:4:5:6:7            | each colon-separated field must have at least one digit | :1:2:3:4:5:6:7",
                "[::1]                     | each colon-separated field must have at least one digit | [::1]",
                "::g                       | each colon-separated field must have at least one digit | g",
                "::12345                   | each group must have 4 or less digits | 12345",
                "00001::                   | each group must have 4 or less digits | 00001::",
                "1g::                      | unexpected character, want colon | g::",
                "::1/64                    | unexpected character, want colon | /64",
                "`::1 `                    | unexpected character, want colon | ` `",
                "1:                        | colon must be followed by more characters | :",
                "1:2:3:4:5:6:7:8:          | colon must be followed by more characters | :",
                "1::2::3                   | multiple :: in address | :3",
                "1:2                       | address string too short |",
                "1:2:3:4:5:6:7             | address string too short |",
                "1:2:3:4:5:6:7:8:9         | trailing garbage after address | 9",
                "1:2:3:4:5:6:7:8::         | the :: must expand to at least one field of zeros |",
                "1:2:3:4:5:6:7:8::9        | trailing garbage after address | 9",
                "1:2:3:4:5:6:7::8          | the :: must expand to at least one field of zeros |",
                "::1:2:3:4:5:6:7:8         | the :: must expand to at least one field of zeros |",
                "1:2:3:4::5:6:1.2.3.4      | the :: must expand to at least one field of zeros |",
                "1:2:3:4:5:1.2.3.4         | embedded IPv4 address must replace the final 2 fields of the address | 1.2.3.4",
                "1:2:3:4:5:6:7:1.2.3.4     | embedded IPv4 address must replace the final 2 fields of the address | 1.2.3.4",
                "1:2:3::4:5:6:7:1.2.3.4    | too many hex fields to fit an embedded IPv4 at the end of the address | 1.2.3.4",
                "::1.2.3                   | IPv4 address too short |",
                "::1.2.3.4.5               | IPv4 address too long |",
                "::ffff:1.2.3.256          | IPv4 field has value >255 |",
                "::ffff:1.2.3.04           | IPv4 field has octet with leading zero |",
                "::1.2.3.                  | IPv4 field must have at least one digit | .",
                "::ab.1.2.3                | unexpected character | ab.1.2.3",
                "::1.2.3.4:5               | unexpected character | :5",
                // Zones: their own refusal, but only where nothing else is wrong. What is quoted leaves them out.
                "fe80::1%                  | zone must be a non-empty string |",
                "fe80::x%                  | zone must be a non-empty string |",
                "fe80::x%eth0              | each colon-separated field must have at least one digit | x",
                "::1.2.3.x%eth0            | unexpected character | x",
                "fe80::1%eth0              | zone is not allowed | %eth0",
                "::%1                      | zone is not allowed | %1",
                "fe80::1%%                 | zone is not allowed | %%",
                "::ffff:10.0.0.1%eth0      | zone is not allowed | %eth0",
            })
    void malformedAddressIsNamedAsNetipDoes(String text, String problem, String at) {
        AddressFormatException e = refusedAddress(text);
        assertThat(e.input()).isEqualTo(text);
        assertThat(e.problem()).isEqualTo(problem);
        assertThat(e.at()).isEqualTo(at);
        assertThat(e.isZoned()).isEqualTo(problem.equals("zone is not allowed"));
        String position = at == null ? "" : " (at \"" + at + "\")";
        assertThat(e).hasMessage("\"%s\" is no IP address: %s%s", text, problem, position);
        assertThat(e.complaint()).isEqualTo("is no IP address: " + problem + position);
        assertThat(e.netipText()).isEqualTo("ParseAddr(\"%s\"): %s%s", text, problem, position);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "``                   | no '/'",
                "X                    | no '/'",
                "10.0.0.0             | no '/'",
                "::1                  | no '/'",
                "/                    | ParseAddr(\"\"): unable to parse IP",
                "/24                  | ParseAddr(\"\"): unable to parse IP",
                "10.0.0/24            | ParseAddr(\"10.0.0\"): IPv4 address too short",
                "10.0.0.256/24        | ParseAddr(\"10.0.0.256\"): IPv4 field has value >255",
                "10.0.0.0/24/24       | ParseAddr(\"10.0.0.0/24\"): unexpected character (at \"/24\")",
                "2001:0db8:85a3:::/120 | ParseAddr(\"2001:0db8:85a3:::\"): each colon-separated field must have at least one digit (at \":\")",
                "` 10.0.0.0/8`        | ParseAddr(\" 10.0.0.0\"): unexpected character (at \" 10.0.0.0\")",
                "%eth0/64             | ParseAddr(\"%eth0\"): missing IPv6 address",
                "fe80::%/64           | ParseAddr(\"fe80::%\"): zone must be a non-empty string",
                "fe80::x%eth0/64      | ParseAddr(\"fe80::x%eth0\"): each colon-separated field must have at least one digit (at \"x\")",
                "fe80::%eth0/64       | IPv6 zones cannot be present in a prefix",
                "fe80::%eth0/08       | IPv6 zones cannot be present in a prefix",
                "fe80::%a/b/64        | IPv6 zones cannot be present in a prefix",
                "10.0.0.0/            | bad bits after slash: \"\"",
                "10.0.0.0/08          | bad bits after slash: \"08\"",
                "10.0.0.0/00          | bad bits after slash: \"00\"",
                "10.0.0.0/+8          | bad bits after slash: \"+8\"",
                "10.0.0.0/-1          | bad bits after slash: \"-1\"",
                "10.0.0.0/+           | bad bits after slash: \"+\"",
                "10.0.0.0/8x          | bad bits after slash: \"8x\"",
                "10.0.0.0/1_0         | bad bits after slash: \"1_0\"",
                "10.0.0.0/٣           | bad bits after slash: \"٣\"",
                "`10.0.0.0/8 `        | bad bits after slash: \"8 \"",
                "::/6%4               | bad bits after slash: \"6%4\"",
                "10.0.0.0/33          | prefix length out of range",
                "10.0.0.0/128         | prefix length out of range",
                "2001:db8::/129       | prefix length out of range",
                "::ffff:10.0.0.0/129  | prefix length out of range",
                // What no longer fits into 64 bits is bad instead.
                "::/9223372036854775807 | prefix length out of range",
                "::/9223372036854775808 | bad bits after slash: \"9223372036854775808\"",
                "::/18446744073709551680 | bad bits after slash: \"18446744073709551680\"",
                "::/99999999999999999999999999 | bad bits after slash: \"99999999999999999999999999\"",
            })
    void malformedCidrIsNamedAsNetipDoes(String text, String problem) {
        AddressFormatException e = catchThrowableOfType(AddressFormatException.class, () -> Cidr.parse(text));
        assertThat(e.input()).isEqualTo(text);
        assertThat(e.problem()).isEqualTo(problem);
        assertThat(e.at()).isNull();
        assertThat(e.isZoned()).isFalse();
        assertThat(e).hasMessage("\"%s\" is no CIDR: %s", text, problem);
        assertThat(e.netipText()).isEqualTo("netip.ParsePrefix(\"%s\"): %s", text, problem);
        assertThatThrownBy(() -> Cidr.parseStrict(text)).hasMessage(e.getMessage());
    }

    @Test
    void quotationsAreEscapedAsInGo() {
        assertThat(refusedAddress("\"\\\u0007\b\f\n\r\t\u000b").netipText())
                .isEqualTo("ParseAddr(\"\\\"\\\\\\a\\b\\f\\n\\r\\t\\v\"): unable to parse IP");
        assertThat(refusedAddress("\u0000\u001f\u007f\u0080\u00a0\u00ad").netipText())
                .isEqualTo("ParseAddr(\"\\x00\\x1f\\x7f\\u0080\\u00a0\\u00ad\"): unable to parse IP");
        assertThat(refusedAddress("é €\u2028\ue000\ufeff\uffff").netipText())
                .isEqualTo("ParseAddr(\"é €\\u2028\\ue000\\ufeff\\uffff\"): unable to parse IP");
        assertThat(refusedAddress("\ud83d\ude00\udb40\udc01\udbff\udfff").netipText())
                .isEqualTo("ParseAddr(\"\ud83d\ude00\\U000e0001\\U0010ffff\"): unable to parse IP");
        // No text of Go's can hold half a surrogate pair.
        assertThat(refusedAddress("\ud800x\udfff").netipText())
                .isEqualTo("ParseAddr(\"\\ud800x\\udfff\"): unable to parse IP");
    }

    @ParameterizedTest
    @ValueSource(strings = {"x", "\u0000", "\"", "é", "\udb40\udc01", "1.2.3.", "::1%", "::x/"})
    void messageStaysShortHoweverLongTheInput(String piece) {
        String text = piece.repeat(100_000);
        AddressFormatException address = refusedAddress(text);
        assertThat(address.getMessage()).hasSizeLessThan(2_000).contains("...");
        assertThat(address.input()).isSameAs(text);
        assertThat(address.netipText()).hasSizeGreaterThan(text.length());

        String prefix = text + "/24";
        assertThatThrownBy(() -> Cidr.parse(prefix))
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(2_000));
    }

    @Test
    void messageNeverCutsCharacterInTwo() {
        for (int offset = 0; offset < 2; offset++) {
            String text = "x".repeat(offset) + "\ud83d\ude00".repeat(1_000);
            assertThat(refusedAddress(text).getMessage())
                    .doesNotContain("\\ud83d")
                    .doesNotContain("\\ude00");
        }
    }

    @Test
    void longestWellFormedTextIsShownWhole() {
        String text = "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/129";
        assertThatThrownBy(() -> Cidr.parse(text))
                .hasMessage("\"" + text + "\" is no CIDR: prefix length out of range");
    }

    @ParameterizedTest(name = "{displayName} seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void anyTextIsReadOrRefusedAndNothingElse(long seed) {
        Random random = new Random(seed);
        String alphabet = "0123456789abcdefABCDEF::::....//%g \u0000\n\"é";
        for (int i = 0; i < 5_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int length = random.nextInt(24); length > 0; length--) {
                text.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            try {
                Cidr block = Cidr.parse(text.toString());
                assertThat(Cidr.parseStrict(block.toString())).isEqualTo(block);
            } catch (AddressFormatException e) {
                assertThat(e.problem()).isNotEmpty();
            }
            try {
                IpAddress address = IpAddress.parse(text.toString());
                assertThat(IpAddress.parse(address.toString())).isEqualTo(address);
            } catch (AddressFormatException e) {
                assertThat(e.problem()).isNotEmpty();
            }
        }
    }

    private static AddressFormatException refusedAddress(String text) {
        return catchThrowableOfType(AddressFormatException.class, () -> IpAddress.parse(text));
    }
}
