package io.ipamer.store.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.abort;

import io.ipamer.address.IpAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.Driver;
import org.postgresql.ds.PGSimpleDataSource;

class DatabaseUrlTest {
    private static PGSimpleDataSource driver(String url) {
        return (PGSimpleDataSource) DatabaseUrl.parse(url).dataSource("");
    }

    /** What the driver itself makes of what it is given. */
    private static Properties connecting(String url) {
        return Objects.requireNonNull(Driver.parseURL(driver(url).getURL(), null), url);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "postgresql://me:secret@db.example:6543/ipamer?sslmode=verify-full",
                "postgres://me:secret@db.example:6543/ipamer?sslmode=verify-full",
                "postgresql://db.example:6543/ipamer?user=me&password=secret&sslmode=verify-full",
                "jdbc:postgresql://db.example:6543/ipamer?user=me&password=secret&sslmode=verify-full"
            })
    void libpqAndJdbcFormsMeanTheSame(String url) {
        PGSimpleDataSource driver = driver(url);
        Properties properties = connecting(url);

        assertThat(properties)
                .containsEntry("PGHOST", "db.example")
                .containsEntry("PGPORT", "6543")
                .containsEntry("PGDBNAME", "ipamer")
                .containsEntry("sslmode", "verify-full");
        assertThat(driver.getUser()).isEqualTo("me");
        assertThat(driver.getPassword()).isEqualTo("secret");
    }

    @ParameterizedTest
    @CsvSource({
        "sslmode=verify-full, sslmode, verify-full",
        "sslrootcert=/certs/ca.crt, sslrootcert, /certs/ca.crt",
        "sslcert=/certs/client.crt, sslcert, /certs/client.crt",
        "sslkey=/certs/client.pk8, sslkey, /certs/client.pk8",
        "sslnegotiation=direct, sslNegotiation, direct",
        "channel_binding=require, channelBinding, require",
        "target_session_attrs=any, targetServerType, any",
        "target_session_attrs=primary, targetServerType, primary",
        "target_session_attrs=read-write, targetServerType, primary",
        "load_balance_hosts=random, loadBalanceHosts, true",
        "load_balance_hosts=disable, loadBalanceHosts, false",
        "connect_timeout=7, connectTimeout, 7",
        "application_name=my%20ipamer, ApplicationName, my ipamer",
        "SSLMODE=require, sslmode, require"
    })
    void libpqParametersReachTheDriverUnderItsOwnNames(String parameter, String name, String value) {
        assertThat(connecting("postgresql://h/d?" + parameter)).containsEntry(name, value);
    }

    @Test
    void whatIsNotSaidIsSetForAServer() {
        assertThat(connecting("postgresql://h/d"))
                .containsEntry("PGPORT", "5432")
                .containsEntry("ApplicationName", "ipamer")
                .containsEntry("connectTimeout", "5")
                .containsEntry("socketTimeout", "17")
                .containsEntry("tcpKeepAlive", "true")
                .containsEntry("prepareThreshold", "1");
        assertThat(connecting("jdbc:postgresql://h/d?socketTimeout=60&prepareThreshold=5"))
                .containsEntry("socketTimeout", "60")
                .containsEntry("prepareThreshold", "5");
    }

    /** A standby answers from a state that is not the newest. */
    @Test
    void ofSeveralHostsOneThatTakesWritesIsMeant() {
        assertThat(connecting("postgresql://a,b/d")).containsEntry("targetServerType", "primary");
        assertThat(connecting("postgresql://a,b/d?target_session_attrs=any")).containsEntry("targetServerType", "any");
        assertThat(connecting("postgresql://a/d")).doesNotContainEntry("targetServerType", "primary");
    }

    /** The driver asks a session whether it may write. */
    @Test
    void everyConnectionOfTheStoreCountsAsOneThatTakesWrites() throws SQLException {
        for (String options : List.of(Dialect.POSTGRESQL.writeOptions(), Dialect.POSTGRESQL.readOptions())) {
            PGSimpleDataSource driver =
                    (PGSimpleDataSource) TestDatabases.bundled().dataSource(options);
            driver.setTargetServerType("primary");
            try (Connection connection = driver.getConnection()) {
                assertThat(connection.isValid(1)).isTrue();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"postgresql:", "jdbc:postgresql:"})
    void theStoresOptionsComeAfterThoseOfTheUrlAndSoCountMore(String scheme) {
        PGSimpleDataSource driver = (PGSimpleDataSource)
                DatabaseUrl.parse(scheme + "//h/d?options=-c%20work_mem=8MB%20-c%20enable_seqscan=on")
                        .dataSource("-c enable_seqscan=off");

        assertThat(driver.getOptions()).isEqualTo("-c work_mem=8MB -c enable_seqscan=on -c enable_seqscan=off");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "postgresql://m%40e:a%2Fb%3A%40%3F%25+%C3%A9@h/d",
                "postgresql://h/d?user=m%40e&password=a%2Fb%3A%40%3F%25+%C3%A9",
                "jdbc:postgresql://h/d?user=m%40e&password=a%2Fb%3A%40%3F%25+%C3%A9"
            })
    void userAndPasswordArePercentDecodedAndAPlusStaysOne(String url) {
        assertThat(driver(url).getUser()).isEqualTo("m@e");
        assertThat(driver(url).getPassword()).isEqualTo("a/b:@?%+é");
    }

    @ParameterizedTest
    @CsvSource({
        "'h1:1,h2:2,h3', 'h1,h2,h3', '1,2,5432'",
        "'[::1]', '[::1]', '5432'",
        "'[2001:db8::1]:26257', '[2001:db8::1]', '26257'",
        "'[fe80::1]:1,10.0.0.1', '[fe80::1],10.0.0.1', '1,5432'"
    })
    void hostsArePassedOnEachWithItsPort(String hosts, String names, String ports) {
        for (String url : new String[] {"postgresql://me@" + hosts + "/d", "jdbc:postgresql://" + hosts + "/d"}) {
            assertThat(connecting(url)).containsEntry("PGHOST", names).containsEntry("PGPORT", ports);
        }
    }

    @Test
    void anIpv6HostIsConnectedTo() throws IOException {
        try (ServerSocket door = ipv6()) {
            door.setSoTimeout(5_000);
            DataSource driver = DatabaseUrl.parse("postgresql://me@[::1]:" + door.getLocalPort() + "/d?sslmode=disable")
                    .dataSource("");
            CompletableFuture<Void> refused = CompletableFuture.runAsync(
                    () -> assertThatExceptionOfType(SQLException.class).isThrownBy(driver::getConnection));

            door.accept().close();

            refused.join();
        }
    }

    private static ServerSocket ipv6() throws IOException {
        try {
            return new ServerSocket(
                    0, 1, InetAddress.getByAddress(IpAddress.parse("::1").toBytes()));
        } catch (SocketException absent) {
            return abort("this machine has no IPv6: " + absent.getMessage());
        }
    }

    @Test
    void anotherDatabaseOfTheSameServerIsReachedTheSameWay() {
        PGSimpleDataSource driver = (PGSimpleDataSource) DatabaseUrl.parse("postgresql://me:secret@h:1/d")
                .withDatabase("e")
                .dataSource("");

        assertThat(driver.getDatabaseName()).isEqualTo("e");
        assertThat(driver.getPassword()).isEqualTo("secret");
    }

    /** The last ones: passwords with characters that ought to have been encoded. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    mysql://me:secret@h/d                                  | must be like postgresql://
                    h:5432/d?password=secret                               | must be like postgresql://
                    jdbc:postgresql://me:secret@h/d                        | must be like postgresql://
                    postgresql://me:secret@/d                              | must name a host
                    postgresql://me:secret@h                               | must name a database
                    jdbc:postgresql://h/?password=secret                   | must name a database
                    postgresql://me:secret@h,/d                            | must name hosts like
                    postgresql://me:secret@h:port/d                        | must name hosts like
                    postgresql://me:secret@::1/d                           | must name hosts like
                    postgresql://me:secret@h/d?sslmod=require              | does not know the parameter sslmod; it knows
                    jdbc:postgresql://h/d?password=secret&sslmod=require   | does not know the parameter sslmod
                    jdbc:postgresql://h/d?preferQueryMode=simple           | must not have preferQueryMode=simple
                    postgresql://me:secret@h/d?sslmode                     | parameters must be like name=value
                    postgresql://me:secret@h/d?target_session_attrs=standby | target_session_attrs must be any
                    postgresql://me:secret@h/d?load_balance_hosts=yes      | load_balance_hosts must be disable or random
                    postgresql://me:%secret@h/d                            | has a % in password
                    jdbc:postgresql://h/d?password=%secret                 | has a % in password
                    postgresql://me:x@secret@h/d                           | must be like postgresql://
                    postgresql://me:x/secret@h/d                           | must be like postgresql://
                    postgresql://me:x/y?secret=1@h/d                       | must name hosts like
                    postgresql://me:x?secret=1@h/d                         | must name
                    """)
    void aRefusalSaysWhatIsWrongWithoutThePassword(String url, String why) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DatabaseUrl.parse(url))
                .withMessageContaining(why)
                .satisfies(refusal -> assertThat(refusal).hasNoCause())
                .satisfies(refusal -> assertThat(refusal.getMessage()).doesNotContain("secret", "%se"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "postgresql://me:secret@h:1,h2/d?sslmode=require",
                "postgresql://h:1,h2/d?user=me&password=secret",
                "jdbc:postgresql://h:1,h2/d?user=me&password=secret"
            })
    void theTextFormHasNeitherUserNorPassword(String url) {
        assertThat(DatabaseUrl.parse(url)).hasToString("h:1,h2/d");
    }
}
