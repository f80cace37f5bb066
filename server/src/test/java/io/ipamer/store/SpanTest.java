package io.ipamer.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipamer.address.AddressFamily;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SpanTest {
    @Test
    void everythingIsBothFamilies() {
        assertThat(Span.ALL.first()).isEqualTo(IpAddress.min(AddressFamily.IPV4));
        assertThat(Span.ALL.last()).isEqualTo(IpAddress.max(AddressFamily.IPV6));
        assertThat(Span.ALL.isEmpty()).isFalse();
        assertThat(Span.ALL.firstOfDisjoint()).contains(IpAddress.min(AddressFamily.IPV4));
    }

    @Test
    void aSpanOfOneAddressIsNotEmptyAndOneThatEndsBeforeItBeginsIs() {
        IpAddress one = IpAddress.parse("10.0.0.1");

        assertThat(Span.between(one, one).isEmpty()).isFalse();
        assertThat(Span.between(one, one.previous()).isEmpty()).isTrue();
        assertThat(Span.between(IpAddress.parse("::"), one).isEmpty())
                .as("the families come one after the other")
                .isTrue();
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(
            strings = {
                "0.0.0.0/0",
                "10.0.0.0/8",
                "10.0.0.1/32",
                "255.255.255.255/32",
                "::/0",
                "2001:db8::/32",
                "::1/128"
            })
    void theRestBehindACidrIsRememberedAsItsPlace(String cidr) {
        Span rest = Span.ALL.after(Cidr.parse(cidr));

        assertThat(rest.place()).isEqualTo(cidr);
        assertThat(Span.ALL.after(Cidr.parse(rest.place()))).isEqualTo(rest);
        assertThat(rest.last()).isEqualTo(Span.ALL.last());
    }

    @ParameterizedTest(name = "after {0}")
    @CsvSource({
        "10.0.0.0/24, 10.0.1.0",
        "10.0.0.7/32, 10.0.0.8",
        "0.0.0.0/0, ::",
        "255.255.255.255/32, ::",
        "2001:db8::/32, 2001:db9::",
        "::/1, 8000::"
    })
    void behindOneOfDisjointCidrsTheNextBeginsAfterItsEnd(String cidr, String next) {
        assertThat(Span.ALL.after(Cidr.parse(cidr)).firstOfDisjoint()).contains(IpAddress.parse(next));
    }

    @ParameterizedTest(name = "after {0}")
    @ValueSource(strings = {"::/0", "8000::/1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"})
    void behindTheVeryLastAddressNothingBegins(String cidr) {
        assertThat(Span.ALL.after(Cidr.parse(cidr)).firstOfDisjoint()).isEmpty();
    }

    @Test
    void theRestBehindTheLastCidrThatBeginsInItHoldsOnlyLongerOnes() {
        IpAddress last = IpAddress.parse("10.0.0.0");
        Span rest = Span.between(IpAddress.parse("9.0.0.0"), last).after(Cidr.parse("10.0.0.0/8"));

        assertThat(rest.isEmpty()).as("10.0.0.0/9 is in it").isFalse();
        assertThat(rest.afterLength()).isEqualTo(8);
        assertThat(rest.after(Cidr.parse("10.0.0.1/32")).isEmpty()).isTrue();
    }
}
