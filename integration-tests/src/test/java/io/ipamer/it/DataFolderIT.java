package io.ipamer.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.ipamer.proto.v1.AcquireIpRequest;
import io.ipamer.proto.v1.AcquireIpResponse;
import io.ipamer.proto.v1.CreatePrefixRequest;
import io.ipamer.proto.v1.GetPrefixRequest;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import io.ipamer.proto.v1.IpamerServiceGrpc.IpamerServiceBlockingStub;
import io.ipamer.store.embedded.TestPostgres;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program on a folder of its own, as people start it, and in the surroundings that containers give it. */
class DataFolderIT {
    /** From JDK 24 on it says so of libraries that use sun.misc.Unsafe, before anything of ours can be heard. */
    private static final String WARNING_OF_THE_JVM = "WARNING: ";

    private static final String JAVA =
            Path.of(System.getProperty("java.home"), "bin", "java").toString();
    private static final String NOBODY = "65534";

    /** In no list of users. */
    private static final String NO_NAME = "54321";

    @TempDir
    Path folder;

    private final List<Process> processes = new ArrayList<>();
    private final List<ManagedChannel> channels = new ArrayList<>();

    @BeforeEach
    void letOtherUsersIn() throws IOException {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    @AfterEach
    void stopAll() throws Exception {
        channels.forEach(ManagedChannel::shutdownNow);
        for (Process process : processes) {
            process.toHandle().destroy();
            if (!process.waitFor(40, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        }
    }

    /** {@code serve} with nothing configured but free ports, started in a folder. */
    private ProcessBuilder serve(Path where, String... more) {
        List<String> command = new ArrayList<>(List.of(
                JAVA,
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-jar",
                System.getProperty("ipamer.jar"),
                "serve",
                "--grpc-address",
                "127.0.0.1:0",
                "--http-address",
                "127.0.0.1:0"));
        command.addAll(List.of(more));
        return new ProcessBuilder(command).directory(where.toFile());
    }

    private static ProcessBuilder as(String user, ProcessBuilder program) {
        List<String> command =
                new ArrayList<>(List.of("setpriv", "--reuid=" + user, "--regid=" + user, "--clear-groups", "--"));
        command.addAll(program.command());
        return program.command(command);
    }

    private record Running(Process process, List<String> greeting, IpamerServiceBlockingStub stub) {}

    private Running running(ProcessBuilder program) throws Exception {
        Process process = program.redirectError(ProcessBuilder.Redirect.appendTo(ServerProcess.LOG))
                .start();
        processes.add(process);
        BufferedReader output = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8));
        List<String> greeting = new ArrayList<>();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            greeting.add(line);
            if (line.startsWith("stop: ")) {
                String port = greeting.get(0).replaceFirst(".* serves gRPC on 127\\.0\\.0\\.1:(\\d+) and .*", "$1");
                ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", Integer.parseInt(port))
                        .usePlaintext()
                        .build();
                channels.add(channel);
                return new Running(
                        process,
                        greeting,
                        IpamerServiceGrpc.newBlockingStub(channel).withWaitForReady());
            }
        }
        throw new AssertionError("the server ended without a greeting; it said " + greeting + ", see "
                + ServerProcess.LOG.getAbsolutePath());
    }

    /** As Ctrl-C does. */
    private static void interrupt(Running server) throws Exception {
        assertThat(new ProcessBuilder("kill", "-INT", "" + server.process().pid())
                        .start()
                        .waitFor())
                .isZero();
        assertThat(server.process().waitFor()).as("128 + SIGINT").isEqualTo(130);
    }

    private void assertRefused(ProcessBuilder program, String... words) throws Exception {
        Process process = program.start();
        processes.add(process);
        String errors = new String(process.getErrorStream().readAllBytes(), UTF_8);
        assertThat(errors.strip().lines().filter(line -> !line.startsWith(WARNING_OF_THE_JVM)))
                .singleElement()
                .asString()
                .startsWith("ipamer: ")
                .contains(words);
        assertThat(process.waitFor()).isEqualTo(2);
    }

    /** A data folder with PostgreSQL's programs in it, so that a first start takes less time. */
    private Path prepared(String name) {
        Path home = folder.resolve(name);
        TestPostgres.bringProgramsInto(home);
        return home;
    }

    private static void give(Path tree, String user) throws Exception {
        assertThat(new ProcessBuilder("chown", "-R", user + ":" + user, tree.toString())
                        .start()
                        .waitFor())
                .isZero();
    }

    private static void assumeUsersCanBeChanged() {
        assumeTrue(
                "root".equals(System.getProperty("user.name"))
                        && Stream.of("/usr/bin/setpriv", "/bin/setpriv").anyMatch(path -> Files.exists(Path.of(path))),
                "only root can start programs as other users, with setpriv");
        assumeTrue(
                Stream.iterate(Path.of(System.getProperty("ipamer.jar")).toAbsolutePath(), Path::getParent)
                        .takeWhile(path -> path != null)
                        .allMatch(DataFolderIT::isOpenToAll),
                "other users cannot read " + System.getProperty("ipamer.jar"));
    }

    private static boolean isOpenToAll(Path path) {
        try {
            return PosixFilePermissions.toString(Files.getPosixFilePermissions(path))
                    .matches(Files.isDirectory(path) ? ".{8}x" : ".{6}r..");
        } catch (IOException unknown) {
            return false;
        }
    }

    private static AcquireIpResponse acquire(Running server, String requestId) {
        return server.stub()
                .acquireIp(AcquireIpRequest.newBuilder()
                        .setPrefixCidr("10.0.0.0/24")
                        .setRequestId(requestId)
                        .build());
    }

    private static void createPrefix(Running server) {
        server.stub()
                .createPrefix(
                        CreatePrefixRequest.newBuilder().setCidr("10.0.0.0/24").build());
    }

    @Test
    void withNothingConfiguredDataIsKeptInAFolderOfTheOneItWasStartedIn() throws Exception {
        Path where = Files.createDirectory(folder.resolve("a path with 'spaces'"));
        Running first = running(serve(where));
        assertThat(first.greeting())
                .anySatisfy(line -> assertThat(line)
                        .startsWith("data:  PostgreSQL 18.")
                        .endsWith(" in " + where.resolve("ipamer-data")))
                .anySatisfy(line -> assertThat(line).startsWith("try:   grpcurl -plaintext -d '{\"cidr\":"));
        createPrefix(first);
        AcquireIpResponse acquired = acquire(first, "web-1");
        interrupt(first);
        assertThat(where.resolve("ipamer-data/db/data/postmaster.pid")).doesNotExist();

        Running second = running(serve(where));
        assertThat(acquire(second, "web-1"))
                .isEqualTo(acquired.toBuilder().setReplayed(true).build());
    }

    @Test
    void twoOnTwoFoldersShareNothingAndASecondOnOneOfThemIsRefused() throws Exception {
        Path home = prepared("one");
        Running one = running(serve(folder, "--data-dir", "one"));
        prepared("other");
        ProcessBuilder onOther = serve(folder);
        onOther.environment().put("IPAMER_DATA_DIR", folder.resolve("other").toString());
        Running other = running(onOther);
        createPrefix(one);
        GetPrefixRequest request =
                GetPrefixRequest.newBuilder().setCidr("10.0.0.0/24").build();
        assertThatThrownBy(() -> other.stub().getPrefix(request))
                .isInstanceOf(StatusRuntimeException.class)
                .hasMessageStartingWith("NOT_FOUND");

        assertRefused(
                serve(folder, "--data-dir", "one"),
                "the data folder " + home + " is in use by another ipamer (pid "
                        + one.process().pid() + ")");
        assertThat(one.stub().getPrefix(request).getPrefix().getCidr()).isEqualTo("10.0.0.0/24");
    }

    @Test
    void anOrdinaryUserNeedsNoHomeAndNoVariablesAndWritesNothingBesidesTheDataFolder() throws Exception {
        assumeUsersCanBeChanged();
        Path program = Files.createDirectory(folder.resolve("program"));
        Path jar = Files.copy(Path.of(System.getProperty("ipamer.jar")), program.resolve("ipamer.jar"));
        Files.setPosixFilePermissions(jar, PosixFilePermissions.fromString("r--r--r--"));
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("r-xr-xr-x"));
        Path home = prepared("data");
        give(home, NOBODY);
        ProcessBuilder serve = as(NOBODY, serve(program, "--data-dir", home.toString()));
        serve.command().set(serve.command().indexOf(System.getProperty("ipamer.jar")), jar.toString());
        serve.environment().clear();
        Running server = running(serve);
        createPrefix(server);
        assertThat(acquire(server, "web-1").getAllocation().getAddress()).isEqualTo("10.0.0.1");
        interrupt(server);
        try (Stream<Path> files = Files.list(program)) {
            assertThat(files).containsExactly(jar);
        }
    }

    @Test
    void aUserWithoutANameIsToldSoAndCanServeWhatOthersMade() throws Exception {
        assumeUsersCanBeChanged();
        Path home = prepared("data");
        give(home, NO_NAME);
        ProcessBuilder nameless = as(NO_NAME, serve(folder, "--data-dir", home.toString()));
        assertRefused(nameless, "uid " + NO_NAME, "add a line for it to /etc/passwd", "--db-url");

        // Only making a database takes a name.
        give(home, NOBODY);
        interrupt(running(as(NOBODY, serve(folder, "--data-dir", home.toString()))));
        give(home, NO_NAME);
        createPrefix(running(nameless));
    }

    @Test
    void aFolderOfAnotherUserIsRefusedAndStaysAsItIs() throws Exception {
        assumeUsersCanBeChanged();
        Path roots = prepared("roots");
        interrupt(running(serve(folder, "--data-dir", roots.toString())));
        Path others = prepared("others");
        give(others, NOBODY);
        interrupt(running(as(NOBODY, serve(folder, "--data-dir", others.toString()))));
        Map<Path, String> before = owners(folder);

        assertRefused(
                as(NOBODY, serve(folder, "--data-dir", roots.toString())),
                roots.resolve("ipamer.lock") + " may not be written by this user (the folder is root's)",
                "--data-dir");
        assertRefused(
                serve(folder, "--data-dir", others.toString()),
                "the data folder " + others + " belongs to the user nobody, and this program runs as root",
                "--data-dir");
        // What only others may read is nobody's to serve, wherever it was put.
        Path moved = folder.resolve("moved");
        Files.createDirectory(moved);
        assertThat(new ProcessBuilder("cp", "-a", others + "/.", moved.toString())
                        .start()
                        .waitFor())
                .isZero();
        give(moved, NO_NAME);
        give(moved.resolve("db"), NOBODY);
        assertRefused(
                as(NO_NAME, serve(folder, "--data-dir", moved.toString())),
                "the data folder " + moved + " belongs to the user nobody");

        assertThat(owners(folder)).containsAllEntriesOf(before);
    }

    private static Map<Path, String> owners(Path tree) throws IOException {
        try (Stream<Path> files = Files.walk(tree)) {
            return files.collect(toMap(path -> path, path -> {
                try {
                    return Files.readAttributes(path, "unix:uid,mode", LinkOption.NOFOLLOW_LINKS)
                            .toString();
                } catch (IOException failed) {
                    throw new UncheckedIOException(failed);
                }
            }));
        }
    }

    @Test
    void aFolderThatMayOnlyBeReadIsRefused() throws Exception {
        assumeUsersCanBeChanged();
        Path home = Files.createDirectory(folder.resolve("read-only"));
        give(home, NOBODY);
        Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("r-xr-xr-x"));
        for (Path one : List.of(home, home.resolve("below"))) {
            assertRefused(
                    as(NOBODY, serve(folder, "--data-dir", one.toString())),
                    "cannot keep a database in the data folder " + one,
                    "may not be written by this user (the folder is nobody's)",
                    "--data-dir");
        }
        assertThat(home).isEmptyDirectory();
    }

    @Test
    void aMachineWithoutAnEmbeddedDatabaseIsToldWhatToDo() throws Exception {
        ProcessBuilder serve = serve(folder);
        serve.command().add(1, "-Dos.arch=s390x");
        assertRefused(serve, "no embedded PostgreSQL for Linux on s390x", "--db-url", "--store memory");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void aDatabaseOfAnotherVersionIsRefusedAndStaysAsItIs() throws Exception {
        Path home = prepared("data");
        Path version = home.resolve("db/data/PG_VERSION");
        Files.createDirectories(version.getParent());
        Files.writeString(version, "15\n");
        assertRefused(serve(folder, "--data-dir", "data"), home.toString(), "made by PostgreSQL 15", "dump it");
        assertThat(version).hasContent("15\n");
    }
}
