package io.ipamer.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.ipamer.app.Config.Origin;
import io.ipamer.app.Config.Setting;
import io.ipamer.app.Config.StoreKind;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Settings: what counts when several sources speak, and what is said of those that cannot be. */
class ConfigTest {
    private static final Map<Setting, String> NO_FLAGS = Map.of();
    private static final Map<String, String> NO_VARIABLES = Map.of();

    private Path file;

    @BeforeEach
    void nameFile(@TempDir Path folder) {
        file = folder.resolve("ipamer.properties");
    }

    @Test
    void grpcAddressIsLoopbackPort9090UnlessSet() throws Exception {
        Config config = Config.read(NO_FLAGS, NO_VARIABLES, null);
        assertThat(config.grpcAddress()).isEqualTo(address("127.0.0.1", 9090));
        assertThat(config.origin(Setting.GRPC_ADDRESS)).isEqualTo(new Origin("127.0.0.1:9090", "default"));
    }

    @Test
    void httpAddressIsLoopbackPort8080UnlessSetOrOff() throws Exception {
        assertThat(Config.read(NO_FLAGS, NO_VARIABLES, null).httpAddress()).isEqualTo(address("127.0.0.1", 8080));
        assertThat(Config.read(Map.of(Setting.HTTP_ADDRESS, "[::1]:0"), NO_VARIABLES, null)
                        .httpAddress())
                .isEqualTo(address("::1", 0));
        assertThat(Config.read(Map.of(Setting.HTTP_ADDRESS, "off"), NO_VARIABLES, null)
                        .httpAddress())
                .isNull();
        assertRefused(
                Map.of(Setting.HTTP_ADDRESS, "OFF"),
                NO_VARIABLES,
                null,
                "http-address cannot be \"OFF\" (flag --http-address): it must be host:port, such as 127.0.0.1:9090 or"
                        + " [::1]:9090, with port 0 to 65535, or off");
    }

    @Test
    void theDoorsHaveDifferentAddressesUnlessBothTakeFreePorts() throws Exception {
        for (String same : List.of("127.0.0.1:9090", "localhost:9090", "0.0.0.0:9090", "[::]:9090")) {
            assertRefused(
                    Map.of(Setting.HTTP_ADDRESS, same),
                    NO_VARIABLES,
                    null,
                    "http-address cannot be \"" + same
                            + "\" (flag --http-address): grpc-address has that port; the doors" + " need two");
        }
        Map<Setting, String> free = Map.of(Setting.HTTP_ADDRESS, "127.0.0.1:0", Setting.GRPC_ADDRESS, "127.0.0.1:0");
        assertThat(Config.read(free, NO_VARIABLES, null).httpAddress()).isEqualTo(address("127.0.0.1", 0));
    }

    @Test
    void httpOriginsAreSitesAsBrowsersNameThem() throws Exception {
        assertThat(Config.read(NO_FLAGS, NO_VARIABLES, null).httpOrigins()).isEmpty();
        assertThat(Config.read(
                                Map.of(Setting.HTTP_ORIGINS, "https://ipam.example.net, http://[::1]:3000"),
                                NO_VARIABLES,
                                null)
                        .httpOrigins())
                .containsExactly("https://ipam.example.net", "http://[::1]:3000");
        assertThat(Config.read(Map.of(Setting.HTTP_ORIGINS, "*"), NO_VARIABLES, null)
                        .httpOrigins())
                .containsExactly("*");
        for (String wrong :
                List.of("ipam.example.net", "https://ipam.example.net/", "https://A", "null", "https://a,,")) {
            assertRefused(
                    Map.of(Setting.HTTP_ORIGINS, wrong),
                    NO_VARIABLES,
                    null,
                    "http-origins cannot be \"" + wrong
                            + "\" (flag --http-origins): it must be *, or sites as browsers name"
                            + " them, such as https://ipam.example.net, with commas between them");
        }
    }

    @Test
    void grpcAddressComesFromTheFlagBeforeTheVariableBeforeTheFile() throws Exception {
        write("grpc-address=10.0.0.3:3\n");
        Map<String, String> variable = Map.of("IPAMER_GRPC_ADDRESS", "10.0.0.2:2");
        Map<Setting, String> flag = Map.of(Setting.GRPC_ADDRESS, "10.0.0.1:1");

        Config fromFlag = Config.read(flag, variable, file);
        assertThat(fromFlag.grpcAddress()).isEqualTo(address("10.0.0.1", 1));
        assertThat(fromFlag.origin(Setting.GRPC_ADDRESS)).isEqualTo(new Origin("10.0.0.1:1", "flag --grpc-address"));

        Config fromVariable = Config.read(NO_FLAGS, variable, file);
        assertThat(fromVariable.grpcAddress()).isEqualTo(address("10.0.0.2", 2));
        assertThat(fromVariable.origin(Setting.GRPC_ADDRESS))
                .isEqualTo(new Origin("10.0.0.2:2", "environment variable IPAMER_GRPC_ADDRESS"));

        Config fromFile = Config.read(NO_FLAGS, NO_VARIABLES, file);
        assertThat(fromFile.grpcAddress()).isEqualTo(address("10.0.0.3", 3));
        assertThat(fromFile.origin(Setting.GRPC_ADDRESS)).isEqualTo(new Origin("10.0.0.3:3", "file " + file));
    }

    @Test
    void grpcAddressIsRefusedWithWhereItCameFromAndWhatWouldBeRight() throws IOException {
        String right = "it must be host:port, such as 127.0.0.1:9090 or [::1]:9090, with port 0 to 65535";
        write("grpc-address=9092\n");
        assertRefused(
                Map.of(Setting.GRPC_ADDRESS, "9090"),
                NO_VARIABLES,
                null,
                "grpc-address cannot be \"9090\" (flag --grpc-address): " + right);
        assertRefused(
                NO_FLAGS,
                Map.of("IPAMER_GRPC_ADDRESS", "9091"),
                null,
                "grpc-address cannot be \"9091\" (environment variable IPAMER_GRPC_ADDRESS): " + right);
        assertRefused(NO_FLAGS, NO_VARIABLES, file, "grpc-address cannot be \"9092\" (file " + file + "): " + right);
    }

    @ParameterizedTest(name = "\"{0}\"")
    @ValueSource(
            strings = {
                "",
                ":",
                ":9090",
                "[]:9090",
                "127.0.0.1",
                "127.0.0.1:",
                "127.0.0.1:65536",
                "127.0.0.1:99999",
                "127.0.0.1:4294967296",
                "127.0.0.1:-1",
                "127.0.0.1:+1",
                "127.0.0.1:0x1",
                "127.0.0.1: 1",
                "127.0.0.1:1 ",
                "127.0.0.1:http",
                "127.0.0.1:\u0661",
                "::1",
                "::1:9090",
                "[::1]",
                "[::1]9090",
                "[::1:9090",
                "[127.0.0.1]:9090",
                "::1]:9090"
            })
    void grpcAddressMustBeHostAndPort(String value) {
        assertRefused(
                Map.of(Setting.GRPC_ADDRESS, value),
                NO_VARIABLES,
                null,
                "grpc-address cannot be \"" + value + "\" (flag --grpc-address): it must be host:port, such as "
                        + "127.0.0.1:9090 or [::1]:9090, with port 0 to 65535");
    }

    @Test
    void grpcAddressTakesAnIpv6HostInBrackets() throws Exception {
        assertThat(Config.read(Map.of(Setting.GRPC_ADDRESS, "[::1]:9090"), NO_VARIABLES, null)
                        .grpcAddress())
                .isEqualTo(address("::1", 9090));
        assertThat(Config.read(Map.of(Setting.GRPC_ADDRESS, "[::]:0"), NO_VARIABLES, null)
                        .grpcAddress())
                .isEqualTo(address("::", 0));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 65_535})
    void grpcAddressTakesEveryPort(int port) throws Exception {
        assertThat(Config.read(Map.of(Setting.GRPC_ADDRESS, "127.0.0.1:" + port), NO_VARIABLES, null)
                        .grpcAddress())
                .isEqualTo(address("127.0.0.1", port));
    }

    @Test
    void grpcAddressWithAHostThatNobodyKnowsIsRefused() {
        assertRefused(
                Map.of(Setting.GRPC_ADDRESS, "no host:9090"),
                NO_VARIABLES,
                null,
                "grpc-address cannot be \"no host:9090\" (flag --grpc-address): host no host is not known");
    }

    @Test
    void dataIsKeptInAFolderOfThisOneUnlessSet() throws Exception {
        Config config = Config.read(NO_FLAGS, NO_VARIABLES, null);
        assertThat(config.store()).isEqualTo(StoreKind.SQL);
        assertThat(config.databaseUrl()).isNull();
        assertThat(config.dataDirectory()).isEqualTo(Path.of("./ipamer-data"));
        assertThat(config.origin(Setting.STORE)).isEqualTo(new Origin("sql", "default"));
        assertThat(config.origin(Setting.DATA_DIR)).isEqualTo(new Origin("./ipamer-data", "default"));
    }

    @Test
    void storeComesFromTheFlagBeforeTheVariableBeforeTheFile() throws Exception {
        Map<String, String> variable = Map.of("IPAMER_STORE", "memory");
        write("store=wrong\n");

        Config fromFlag = Config.read(Map.of(Setting.STORE, "sql"), variable, file);
        assertThat(fromFlag.store()).isEqualTo(StoreKind.SQL);
        assertThat(fromFlag.origin(Setting.STORE)).isEqualTo(new Origin("sql", "flag --store"));
        Config fromVariable = Config.read(NO_FLAGS, variable, file);
        assertThat(fromVariable.store()).isEqualTo(StoreKind.MEMORY);
        assertThat(fromVariable.origin(Setting.STORE))
                .isEqualTo(new Origin("memory", "environment variable IPAMER_STORE"));

        write("store=memory\n");
        Config fromFile = Config.read(NO_FLAGS, NO_VARIABLES, file);
        assertThat(fromFile.store()).isEqualTo(StoreKind.MEMORY);
        assertThat(fromFile.origin(Setting.STORE)).isEqualTo(new Origin("memory", "file " + file));
    }

    @Test
    void dataDirComesFromTheFlagBeforeTheVariableBeforeTheFile() throws Exception {
        write("data-dir=/from/file\n");
        Map<String, String> variable = Map.of("IPAMER_DATA_DIR", "from a variable");

        assertThat(Config.read(Map.of(Setting.DATA_DIR, "../flag"), variable, file)
                        .dataDirectory())
                .isEqualTo(Path.of("../flag"));
        assertThat(Config.read(NO_FLAGS, variable, file).dataDirectory()).isEqualTo(Path.of("from a variable"));
        assertThat(Config.read(NO_FLAGS, NO_VARIABLES, file).dataDirectory()).isEqualTo(Path.of("/from/file"));
    }

    @ParameterizedTest(name = "\"{0}\"")
    @ValueSource(strings = {"", "two\nlines"})
    void dataDirMustBeAPath(String text) {
        assertRefused(
                Map.of(Setting.DATA_DIR, text),
                NO_VARIABLES,
                null,
                "data-dir cannot be \"" + text + "\" (flag --data-dir): it must be the path of a folder");
    }

    @Test
    void dataDirMustBePossibleOnThisSystem() {
        assertRefused(
                Map.of(Setting.DATA_DIR, "a\0b"),
                NO_VARIABLES,
                null,
                "data-dir cannot be \"a\0b\" (flag --data-dir): it is no path here: Nul character not allowed");
    }

    @Test
    void storeIsRefusedWithWhereItCameFromAndWhatWouldBeRight() throws IOException {
        write("store=\n");
        assertRefused(
                Map.of(Setting.STORE, "disk"),
                NO_VARIABLES,
                null,
                "store cannot be \"disk\" (flag --store): there are memory and sql");
        assertRefused(
                NO_FLAGS,
                Map.of("IPAMER_STORE", "MEMORY"),
                null,
                "store cannot be \"MEMORY\" (environment variable IPAMER_STORE): there are memory and sql");
        assertRefused(
                NO_FLAGS, NO_VARIABLES, file, "store cannot be \"\" (file " + file + "): there are memory and sql");
    }

    @Test
    void aDatabaseUrlIsTheStoreAndIsShownWithoutItsSecrets() throws Exception {
        Config config = Config.read(
                NO_FLAGS, Map.of("IPAMER_DB_URL", "postgresql://me:secret@db:5432/ipamer?sslmode=require"), null);

        assertThat(config.store()).isEqualTo(StoreKind.SQL);
        assertThat(config.databaseUrl()).hasToString("db:5432/ipamer");
        assertThat(config.origins().toString()).contains("db:5432/ipamer").doesNotContain("secret", "me:");
    }

    @Test
    void aDatabaseUrlIsRefusedWithoutItsSecrets() {
        assertRefused(
                Map.of(Setting.DB_URL, "postgresql://me:secret@db:5432"),
                NO_VARIABLES,
                null,
                "db-url (flag --db-url) cannot be used: must name a database after the host, as in"
                        + " postgresql://host/ipamer");
    }

    @Test
    void aDatabaseUrlCannotBeLeftUnused() {
        assertRefused(
                Map.of(Setting.STORE, "memory", Setting.DB_URL, "postgresql://db/ipamer"),
                NO_VARIABLES,
                null,
                "store cannot be \"memory\" (flag --store): db-url names a database, which memory would leave unused");
    }

    @ParameterizedTest(name = "{0} is {1}")
    @CsvSource({"90s, PT90S", "30m, PT30M", "24h, PT24H", "7d, PT168H"})
    void theJournalsAgeIsANumberAndAUnit(String text, Duration age) throws Exception {
        assertThat(Config.read(Map.of(Setting.JOURNAL_AGE, text), NO_VARIABLES, null)
                        .retention()
                        .age())
                .isEqualTo(age);
    }

    @ParameterizedTest(name = "\"{0}\"")
    @ValueSource(strings = {"0h", "24", "h", "-1h", "1w", "1.5h", "99999999d"})
    void otherJournalAgesAreRefused(String text) {
        assertRefused(
                Map.of(Setting.JOURNAL_AGE, text),
                NO_VARIABLES,
                null,
                "journal-age cannot be \"" + text
                        + "\" (flag --journal-age): it must be a whole number of s, m, h or d, such as 24h");
    }

    @ParameterizedTest(name = "\"{0}\"")
    @ValueSource(strings = {"0", "-1", "many", "1000000000"})
    void otherJournalRevisionsAreRefused(String text) {
        assertRefused(
                Map.of(Setting.JOURNAL_REVISIONS, text),
                NO_VARIABLES,
                null,
                "journal-revisions cannot be \"" + text
                        + "\" (flag --journal-revisions): it must be a number from 1 to 999999999");
    }

    @Test
    void anEmptyFileSetsNothing() throws Exception {
        write("# nothing\n\n");
        assertThat(Config.read(NO_FLAGS, NO_VARIABLES, file)).isEqualTo(Config.read(NO_FLAGS, NO_VARIABLES, null));
    }

    @Test
    void theFileIsTheFlagsBeforeTheVariables() throws Exception {
        write("grpc-address=10.0.0.1:1\n");
        Path other = file.resolveSibling("other.properties");
        Files.writeString(other, "grpc-address=10.0.0.2:2\n");
        Map<String, String> variable = Map.of("IPAMER_CONFIG", other.toString());

        assertThat(Config.read(NO_FLAGS, variable, null).grpcAddress()).isEqualTo(address("10.0.0.2", 2));
        assertThat(Config.read(NO_FLAGS, variable, file).grpcAddress()).isEqualTo(address("10.0.0.1", 1));
    }

    /** Container tools pass variables on that nobody set. */
    @Test
    void anEmptyVariableIsAsNone() throws Exception {
        Map<String, String> empty = Map.of("IPAMER_CONFIG", "", "IPAMER_GRPC_ADDRESS", "", "IPAMER_STORE", "");
        assertThat(Config.read(NO_FLAGS, empty, null)).isEqualTo(Config.read(NO_FLAGS, NO_VARIABLES, null));
    }

    @Test
    void aFileThatIsNotThereIsRefused() {
        assertRefused(NO_FLAGS, NO_VARIABLES, file, "config file " + file + " does not exist");
        assertRefused(
                NO_FLAGS, Map.of("IPAMER_CONFIG", file.toString()), null, "config file " + file + " does not exist");
    }

    @Test
    void aFolderIsNoFile() {
        assertThatExceptionOfType(ConfigException.class)
                .isThrownBy(() -> Config.read(NO_FLAGS, NO_VARIABLES, file.getParent()))
                .withMessageStartingWith("config file " + file.getParent() + " cannot be read: ");
    }

    @Test
    void anUnknownKeyIsRefusedWithTheKnownOnes() throws IOException {
        write("grpc-adress=127.0.0.1:9090\n");
        assertRefused(
                NO_FLAGS,
                NO_VARIABLES,
                file,
                "config file " + file
                        + ": unknown key grpc-adress; there are grpc-address, http-address, http-origins, store, db-url, data-dir, migrate, journal-age, journal-revisions");
    }

    @Test
    void anUnknownKeyIsRefusedEvenWhenFlagsSetEverything() throws IOException {
        write("nope=1\n");
        assertRefused(
                Map.of(Setting.GRPC_ADDRESS, "127.0.0.1:1", Setting.STORE, "memory"),
                NO_VARIABLES,
                file,
                "config file " + file
                        + ": unknown key nope; there are grpc-address, http-address, http-origins, store, db-url, data-dir, migrate, journal-age, journal-revisions");
    }

    @Test
    void aKeyThatComesTwiceIsRefusedEvenWithTheSameValue() throws IOException {
        write("store=memory\ngrpc-address=127.0.0.1:1\nstore=memory\n");
        assertRefused(NO_FLAGS, NO_VARIABLES, file, "config file " + file + ": key store comes twice");
    }

    @Test
    void aMalformedFileIsRefused() throws IOException {
        write("store=\\u00zz\n");
        assertThatExceptionOfType(ConfigException.class)
                .isThrownBy(() -> Config.read(NO_FLAGS, NO_VARIABLES, file))
                .withMessageStartingWith("config file " + file + " is malformed: ");
    }

    @Test
    void textThatIsNotUtf8IsRefused() throws IOException {
        Files.write(file, "# caf\u00e9\n".getBytes(StandardCharsets.ISO_8859_1));
        assertThatExceptionOfType(ConfigException.class)
                .isThrownBy(() -> Config.read(NO_FLAGS, NO_VARIABLES, file))
                .withMessage("config file " + file + " is malformed: it is not UTF-8");
    }

    /** Editors on Windows write both. */
    @Test
    void aByteOrderMarkAndWindowsLineEndsAreNoFault() throws Exception {
        write("\uFEFFgrpc-address=10.0.0.1:1\r\nstore=memory\r\n");
        assertThat(Config.read(NO_FLAGS, NO_VARIABLES, file).grpcAddress()).isEqualTo(address("10.0.0.1", 1));
    }

    private void write(String text) throws IOException {
        Files.writeString(file, text);
    }

    private static void assertRefused(
            Map<Setting, String> flags, Map<String, String> environment, Path file, String message) {
        assertThatExceptionOfType(ConfigException.class)
                .isThrownBy(() -> Config.read(flags, environment, file))
                .withMessage(message);
    }

    private static InetSocketAddress address(String literal, int port) throws IOException {
        return new InetSocketAddress(InetAddress.getByName(literal), port);
    }
}
