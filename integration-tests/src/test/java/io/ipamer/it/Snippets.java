package io.ipamer.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/**
 * The programs that a page of documentation shows. A fenced block of {@code text} right after one of code is what that one
 * prints; code without such a block prints nothing. The address where a server is by default becomes that of the test's.
 *
 * @param sources what they are, in the order of the page
 * @param outputs what each of them prints
 */
record Snippets(List<String> sources, List<String> outputs) {
    /** Printed, as a line, between two snippets that are run as one program. */
    static final String CUT = "---- next snippet ----";

    private static final Pattern BLOCK = Pattern.compile(
            "^```(?<language>\\w+)\\n(?<text>.*?)^```\\n(\\n```text\\n(?<output>.*?)^```$)?",
            Pattern.MULTILINE | Pattern.DOTALL);
    private static final String DEFAULT_ADDRESS = "127.0.0.1:9090";

    /** Those in one language, of which a page must have some. */
    static Snippets of(Path page, String language, String address) throws IOException {
        List<String> sources = new ArrayList<>();
        List<String> outputs = new ArrayList<>();
        Matcher block = BLOCK.matcher(Files.readString(page));
        while (block.find()) {
            if (block.group("language").equals(language)) {
                String output = block.group("output");
                sources.add(block.group("text").replace(DEFAULT_ADDRESS, address));
                outputs.add(output == null ? "" : output);
            }
        }
        assertThat(sources).as("snippets of %s in %s", language, page).isNotEmpty();
        return new Snippets(sources, outputs);
    }

    /** Holds what they print, run by these programs one after another, against what the page says. */
    void arePrintedBy(List<Ran> programs) {
        List<String> printed = new ArrayList<>();
        for (Ran program : programs) {
            assertThat(program.exitCode()).as(program.output()).isZero();
            printed.addAll(List.of(program.output().split(CUT + "\\n", -1)));
        }
        assertThat(printed).isEqualTo(outputs);
    }

    /** The certificate that snippets on TLS read: a root that Java trusts. */
    static void writeRoot(Path file) throws IOException, GeneralSecurityException {
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init((KeyStore) null);
        X509Certificate root = ((X509TrustManager) trust.getTrustManagers()[0]).getAcceptedIssuers()[0];
        Files.writeString(
                file,
                "-----BEGIN CERTIFICATE-----\n"
                        + Base64.getMimeEncoder().encodeToString(root.getEncoded())
                        + "\n-----END CERTIFICATE-----\n");
    }
}
