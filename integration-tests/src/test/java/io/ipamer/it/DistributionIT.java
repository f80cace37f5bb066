package io.ipamer.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program as it is packed: unpacked into a folder with a space in its name, and started by its script. */
class DistributionIT {
    private static final String JAVA_HOME = System.getProperty("java.home");

    @TempDir
    private static Path unpacked;

    private static Path home;
    private static Path launcher;

    @TempDir
    private Path scratch;

    /** All that the program has of its surroundings. */
    private final Map<String, String> variables = new HashMap<>();

    private record Said(int exitCode, String out, String err) {}

    @BeforeAll
    static void unpack() throws IOException {
        Path folder = Files.createDirectory(unpacked.resolve("two words"));
        Ran tar = Ran.of("tar", "-xzf", System.getProperty("ipamer.distribution"), "-C", folder.toString());
        assertThat(tar.exitCode()).as(tar.output()).isZero();
        try (Stream<Path> content = Files.list(folder)) {
            home = content.toList().get(0);
        }
        launcher = home.resolve("bin").resolve("ipamer");
    }

    /** Its jar is large, and of many runs many would be left. */
    @AfterAll
    static void leaveNothing() throws IOException {
        Files.delete(home.resolve("lib").resolve("ipamer.jar"));
    }

    @BeforeEach
    void surround() {
        variables.put("PATH", System.getenv("PATH"));
        variables.put("HOME", scratch.toString());
        variables.put("JAVA_HOME", JAVA_HOME);
    }

    private Process start(Path program, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).directory(scratch.toFile());
        builder.environment().clear();
        builder.environment().putAll(variables);
        return builder.start();
    }

    private Said run(Path program, String... arguments) throws Exception {
        Process process = start(program, arguments);
        try {
            String out = new String(process.getInputStream().readAllBytes(), UTF_8);
            String err = new String(process.getErrorStream().readAllBytes(), UTF_8);
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            return new Said(process.exitValue(), out, err);
        } finally {
            process.destroyForcibly();
        }
    }

    private void assertRefused(Said said, String complaint) {
        assertThat(said).isEqualTo(new Said(1, "", "ipamer: " + complaint + "\n"));
    }

    private Path script(String name, String text) throws IOException {
        Path file = scratch.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, "#!/bin/sh\n" + text + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
        return file;
    }

    @Test
    void itHoldsWhatItSays() throws Exception {
        try (Stream<Path> files = Files.walk(home)) {
            assertThat(files.filter(Files::isRegularFile)
                            .map(file -> home.relativize(file).toString()))
                    .containsExactlyInAnyOrder(
                            "bin/ipamer",
                            "lib/ipamer.jar",
                            "completion/ipamer.bash",
                            "completion/_ipamer",
                            "LICENSE",
                            "README");
        }
        assertThat(home.getFileName().toString()).startsWith("ipamer-");
    }

    @Test
    void itStartsThroughLinksFromAnyFolder() throws Exception {
        Path far = Files.createSymbolicLink(scratch.resolve("far"), launcher);
        Files.createDirectory(scratch.resolve("bin"));
        Path near = Files.createSymbolicLink(scratch.resolve("bin").resolve("ipamer"), Path.of("../far"));
        assertThat(far).isSymbolicLink();

        Said said = run(near, "--version");

        assertThat(said.out()).startsWith("ipamer ").contains("Java " + Runtime.version());
        assertThat(said.err()).isEmpty();
        assertThat(said.exitCode()).isZero();
    }

    @Test
    void itServesUntilItIsToldToStop() throws Exception {
        Process process = start(
                launcher,
                "serve",
                "--store",
                "memory",
                "--grpc-address",
                "127.0.0.1:0",
                "--http-address",
                "127.0.0.1:0");
        try (BufferedReader output = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
            assertThat(output.readLine()).contains("serves gRPC on 127.0.0.1:");

            // By its handle: the process would close its output with it.
            process.toHandle().destroy();

            assertThat(output.lines()).contains("stopping: running calls finish first", "stopped");
            assertThat(process.waitFor(40, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).as("128 + SIGTERM").isEqualTo(143);
            assertThat(new String(process.getErrorStream().readAllBytes(), UTF_8))
                    .isEmpty();
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void exitCodesAndArgumentsPassThrough() throws Exception {
        Said said = run(launcher, "check-config", "--store", "two  words *");
        assertThat(said)
                .isEqualTo(new Said(
                        2, "", "ipamer: store cannot be \"two  words *\" (flag --store): there are memory and sql\n"));
        assertThat(run(launcher).exitCode()).isEqualTo(2);
    }

    @Test
    void withoutJavaHomeTheJavaInPathIsTaken() throws Exception {
        variables.remove("JAVA_HOME");
        variables.put("PATH", Path.of(JAVA_HOME, "bin") + ":" + System.getenv("PATH"));
        assertThat(run(launcher, "--version").out()).contains("Java " + Runtime.version());
    }

    @Test
    void withoutAnyJavaItSaysWhatIsMissing() throws Exception {
        variables.remove("JAVA_HOME");
        variables.put("PATH", scratch.toString());
        assertRefused(
                run(launcher, "--version"),
                "there is no Java: set JAVA_HOME, or have java in PATH; it must be 17 or newer");
    }

    @Test
    void aJavaHomeWithoutJavaIsNamed() throws Exception {
        variables.put("JAVA_HOME", "/no where");
        assertRefused(run(launcher, "--version"), "JAVA_HOME is /no where, but there is no program bin/java in it");
    }

    @Test
    void anOldJavaIsNamed() throws Exception {
        Path java = script("old/bin/java", "echo 'openjdk version \"11.0.2\" 2019-01-15' >&2");
        variables.put("JAVA_HOME", scratch.resolve("old").toString());
        assertRefused(
                run(launcher, "serve"), java + " is Java 11, but Ipamer needs Java 17 or newer: set JAVA_HOME to one");
        Files.writeString(scratch.resolve("old/release"), "IMPLEMENTOR=\"X\"\nJAVA_VERSION=\"1.8.0_392\"\n");
        assertRefused(
                run(launcher, "serve"), java + " is Java 8, but Ipamer needs Java 17 or newer: set JAVA_HOME to one");
    }

    @Test
    void aJavaThatCannotRunIsNamed() throws Exception {
        Path java = script("broken/bin/java", "echo 'cannot load libjvm.so' >&2; echo more >&2; exit 1");
        variables.put("JAVA_HOME", scratch.resolve("broken").toString());
        assertRefused(run(launcher, "serve"), java + " -version fails: cannot load libjvm.so");
        script("broken/bin/java", "echo hello");
        assertRefused(
                run(launcher, "serve"), java + " does not say which version it is; Ipamer needs Java 17 or newer");
    }

    @Test
    void aLauncherThatWasTakenAwayFromItsJarSaysSo() throws Exception {
        Path bin = Files.createDirectories(scratch.resolve("elsewhere/bin"));
        Path alone = Files.copy(launcher, bin.resolve("ipamer"));
        assertRefused(
                run(alone, "serve"),
                scratch.toRealPath().resolve("elsewhere/lib/ipamer.jar")
                        + " is missing or cannot be read: the program and its lib folder belong together");
    }

    @Test
    void optionsForJavaArriveAndMayChooseAnotherCollector() throws Exception {
        variables.put("JAVA_OPTS", "-XX:+UseParallelGC  -Dtwo=*");
        variables.put("IPAMER_JAVA_OPTS", "-XX:+PrintFlagsFinal");
        Said said = run(launcher, "--version");
        assertThat(said.out()).containsPattern("UseParallelGC +:?= true").contains("ipamer ");
        assertThat(said.err()).isEmpty();
        assertThat(said.exitCode()).isZero();
    }

    @Test
    void onATerminalHelpHasItsWidthAndColoursAndInAFileNeither() throws Exception {
        assumeTrue(Ran.finds("script"), "there is no script on this machine, which makes terminals");
        variables.put("TERM", "xterm");
        variables.put("LAUNCHER", launcher.toString());
        for (String redirected : List.of("", "2> /dev/null", "< /dev/null")) {
            Said onTerminal = run(
                    Path.of("/bin/sh"),
                    "-c",
                    "script -qec 'stty cols 70; \"$LAUNCHER\" serve --help " + redirected + "' /dev/null");
            assertThat(onTerminal.out()).as(redirected).contains("\u001b[33m--config");
            assertThat(onTerminal.out().replaceAll("\u001b\\[[0-9;]*m", "").lines())
                    .as(redirected)
                    .allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(70))
                    .anySatisfy(line -> assertThat(line).hasSizeGreaterThan(60));
        }
        assertThat(run(launcher, "serve", "--help").out()).doesNotContain("\u001b");
    }

    /** Even as root: a folder cannot be made below a file. */
    @Test
    void whereNothingCanBeKeptCommandsRunAllTheSame() throws Exception {
        variables.put(
                "XDG_CACHE_HOME", Files.createFile(scratch.resolve("file")).toString());
        assertThat(run(launcher, "no-such-command").err())
                .startsWith("ipamer: ")
                .containsOnlyOnce("\n");
        variables.remove("XDG_CACHE_HOME");
        variables.remove("HOME");
        assertThat(run(launcher, "no-such-command").err())
                .startsWith("ipamer: ")
                .containsOnlyOnce("\n");
        try (Stream<Path> left = Files.list(scratch)) {
            assertThat(left).containsExactly(scratch.resolve("file"));
        }
    }

    /** Who can write there could have this user run what they like. */
    @Test
    void aCacheThatOthersCanChangeIsLeftAlone() throws Exception {
        Path cache = Files.createDirectories(scratch.resolve(".cache/ipamer"));
        for (String permissions : List.of("rwxrwxrwx", "rwxrwx---", "rwx---rwx")) {
            Files.setPosixFilePermissions(cache, PosixFilePermissions.fromString(permissions));
            assertThat(run(launcher, "no-such-command").exitCode()).isEqualTo(2);
            assertThat(cache).as(permissions).isEmptyDirectory();
        }
        Files.setPosixFilePermissions(cache, PosixFilePermissions.fromString("rwx------"));
        Files.setPosixFilePermissions(cache.getParent(), PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThat(run(launcher, "no-such-command").exitCode()).isEqualTo(2);
        assertThat(cache).as("below a folder that others can write to").isEmptyDirectory();

        Files.setPosixFilePermissions(cache.getParent(), PosixFilePermissions.fromString("rwxr-xr-x"));
        Path elsewhere = Files.createDirectory(scratch.resolve("elsewhere"));
        Files.setPosixFilePermissions(elsewhere, PosixFilePermissions.fromString("rwx------"));
        Files.delete(cache);
        Files.createSymbolicLink(cache, elsewhere);
        assertThat(run(launcher, "no-such-command").exitCode()).isEqualTo(2);
        assertThat(elsewhere).as("behind a link").isEmptyDirectory();
    }

    /** It says how it was started, and for an archive it writes something else. */
    private void startWithJavaThatSaysHow() throws IOException {
        script(
                "java/bin/java",
                "for option; do case $option in -XX:ArchiveClassesAtExit=*) echo classes > \"${option#*=}\" ;; esac; done"
                        + "; echo \"$LC_ALL $*\"");
        Files.writeString(scratch.resolve("java/release"), "JAVA_VERSION=\"17.0.1\"\n");
        variables.put("LC_ALL", "C.UTF-8");
        variables.put("JAVA_HOME", scratch.resolve("java").toString());
    }

    @Test
    void nothingIsKeptWhereOthersCanChangeAFolderAbove() throws Exception {
        startWithJavaThatSaysHow();
        Path wide = Files.createDirectory(scratch.resolve("wide"));
        Path user = Files.createDirectory(wide.resolve("user"));
        variables.put("HOME", user.toString());
        for (int mode : List.of(0777, 0775, 0757)) {
            Files.setAttribute(wide, "unix:mode", mode);
            assertThat(run(launcher, "health").out()).as("%o", mode).contains("-jar");
            assertThat(user).as("%o", mode).isEmptyDirectory();
        }
        Files.setAttribute(wide, "unix:mode", 01777);
        assertThat(run(launcher, "health").exitCode()).isZero();
        assertThat(archive(user.resolve(".cache/ipamer"), null)).hasContent("classes");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(user.resolve(".cache"))))
                .isEqualTo("rwx------");
        assertThat(run(launcher, "health").out()).contains("-XX:SharedArchiveFile=");
        Files.setAttribute(wide, "unix:mode", 0777);
        assertThat(run(launcher, "health").out()).doesNotContain("-XX:SharedArchiveFile=");
    }

    /** So it is under sudo that keeps HOME. */
    @Test
    void nothingIsMadeInTheFolderOfAnotherUser() throws Exception {
        startWithJavaThatSaysHow();
        Path user = Files.createDirectory(scratch.resolve("user"));
        assumeTrue(Files.getAttribute(user, "unix:uid").equals(0), "only root can give folders to others");
        Files.setAttribute(user, "unix:uid", 12345);
        variables.put("HOME", user.toString());
        assertThat(run(launcher, "health").out()).contains("-jar");
        assertThat(user).isEmptyDirectory();
        Path cache = Files.createDirectory(user.resolve(".cache"));
        Files.setAttribute(cache, "unix:uid", 12345);
        assertThat(run(launcher, "health").out()).contains("-jar");
        assertThat(cache).isEmptyDirectory();
    }

    @Test
    void anArchiveOfWhichAPartIsMissingIsNotUsedAndReplaced() throws Exception {
        startWithJavaThatSaysHow();
        Path cache = scratch.resolve(".cache/ipamer");
        run(launcher, "health");
        Path archive = archive(cache, null);
        assertThat(run(launcher, "health").out()).contains("-XX:SharedArchiveFile=" + archive.toRealPath());
        Files.writeString(archive, "class");
        assertThat(run(launcher, "health").out()).doesNotContain("-XX:SharedArchiveFile=");
        assertThat(archive(cache, null)).isEqualTo(archive).hasContent("classes");
    }

    /** With an argument that is not ASCII, in bytes: this process may have any locale itself. */
    private Said runWithUmlaut(String... program) throws Exception {
        List<String> arguments =
                new ArrayList<>(List.of("-c", "\"$@\" check-config --store \"$(printf 'J\\303\\274rgen')\"", "sh"));
        arguments.addAll(List.of(program));
        return run(Path.of("/bin/sh"), arguments.toArray(String[]::new));
    }

    @Test
    void argumentsAreUtf8WhereNoLocaleIsSetOrOneThatIsMissing() throws Exception {
        for (Map<String, String> locale : List.of(
                Map.<String, String>of(),
                Map.of("LANG", "C"),
                Map.of("LANG", "C.UTF-8", "LC_CTYPE", "POSIX"),
                Map.of("LANG", "C.UTF-8", "LC_ALL", "C"),
                Map.of("LANG", "xx_XX.UTF-8"),
                Map.of("LANG", "C.UTF-8"))) {
            variables.keySet().removeAll(List.of("LANG", "LC_CTYPE", "LC_ALL"));
            variables.putAll(locale);
            assertThat(runWithUmlaut(launcher.toString()))
                    .as("%s", locale)
                    .isEqualTo(new Said(
                            2, "", "ipamer: store cannot be \"Jürgen\" (flag --store): there are memory and sql\n"));
        }
    }

    @Test
    void javaIsToldTheCharsetThatTheTerminalHas() throws Exception {
        startWithJavaThatSaysHow();
        variables.put("LC_ALL", "C");
        assertThat(run(launcher, "serve").out()).startsWith("C.UTF-8 ").contains(" -Dipamer.charset=US-ASCII ");
        variables.put("LC_ALL", "xx_XX.UTF-8");
        assertThat(run(launcher, "serve").out()).startsWith("C.UTF-8 ").contains(" -Dipamer.charset=UTF-8 ");
        variables.put("LC_ALL", "C.UTF-8");
        assertThat(run(launcher, "serve").out()).startsWith("C.UTF-8 ").doesNotContain("ipamer.charset");
    }

    @Test
    void withoutTheLauncherArgumentsThatWereDestroyedAreRefused() throws Exception {
        variables.put("LC_ALL", "C");
        Said said = runWithUmlaut(
                Path.of(JAVA_HOME, "bin", "java").toString(),
                "-jar",
                home.resolve("lib/ipamer.jar").toString());
        assertThat(said.err()).startsWith("ipamer: argument \"J??rgen\" must be in the charset of the locale, ");
        assertThat(said.exitCode()).isEqualTo(2);
    }

    @Test
    void theFirstCommandHasAnArchiveMadeThatLaterOnesUseAndANewerJarReplaces() throws Exception {
        Path cache = scratch.resolve(".cache/ipamer");
        variables.remove("JAVA_HOME"); // it must find the same Java by itself
        variables.put("PATH", Path.of(JAVA_HOME, "bin") + ":" + System.getenv("PATH"));
        assertThat(run(launcher, "--help").exitCode()).isZero();
        assertThat(cache).as("after a command that makes no call").doesNotExist();

        Said first = run(launcher, "no-such-command");

        assertThat(first.err().lines()).singleElement().asString().startsWith("ipamer: Unmatched argument");
        assertThat(first.out()).isEmpty();
        assertThat(first.exitCode()).isEqualTo(2);
        Path archive = archive(cache, null);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(cache)))
                .isEqualTo("rwx------");
        Path log = scratch.resolve("classes");
        variables.put("IPAMER_JAVA_OPTS", "-Xlog:class+load:file=" + log);
        Said second = run(launcher, "no-such-command");
        assertThat(second).isEqualTo(first);
        assertThat(log).content().contains("shared objects file (top)");

        variables.remove("IPAMER_JAVA_OPTS");
        Path jar = home.resolve("lib").resolve("ipamer.jar");
        Files.setLastModifiedTime(jar, FileTime.from(Instant.parse("2026-01-01T00:00:00Z")));
        assertThat(run(launcher, "no-such-command")).isEqualTo(first);
        assertThat(archive(cache, archive)).isNotEqualTo(archive);
    }

    /** Waits until the archive is there alone and whole: not another one, and nothing that is being made. */
    private static Path archive(Path cache, Path before) throws Exception {
        try (WatchService watch = FileSystems.getDefault().newWatchService()) {
            cache.register(watch, StandardWatchEventKinds.ENTRY_CREATE, StandardWatchEventKinds.ENTRY_DELETE);
            while (true) {
                try (Stream<Path> content = Files.list(cache)) {
                    List<Path> files = content.toList();
                    if (files.size() == 1
                            && files.get(0).toString().endsWith(".jsa")
                            && files.get(0).toString().endsWith("-" + Files.size(files.get(0)) + ".jsa")
                            && !files.get(0).equals(before)) {
                        return files.get(0);
                    }
                }
                WatchKey changed = watch.poll(60, TimeUnit.SECONDS);
                assertThat(changed).as("a change in %s", cache).isNotNull();
                changed.pollEvents();
                changed.reset();
            }
        }
    }

    @Test
    void bashCompletesCommandsAndOptions() {
        assumeTrue(Ran.finds("bash"), "there is no bash on this machine");
        Path script = home.resolve("completion").resolve("ipamer.bash");
        assertThat(completions(script, "ipamer", ""))
                .contains("serve", "check-config", "bench")
                .doesNotContain("load-classes");
        assertThat(completions(script, "ipamer", "ser")).containsExactly("serve");
        assertThat(completions(script, "ipamer", "serve", "--grpc")).containsExactly("--grpc-address");
        assertThat(completions(script, "ipamer", "completion", "")).contains("bash", "zsh");
    }

    private static List<String> completions(Path script, String... words) {
        List<String> command = new ArrayList<>(List.of(
                "bash",
                "--norc",
                "-c",
                // It may be called only while bash completes.
                "compopt() { :; }; source \"$0\"; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _complete_ipamer; printf '%s\\n'"
                        + " \"${COMPREPLY[@]}\"",
                script.toString()));
        command.addAll(List.of(words));
        Ran ran = Ran.of(command.toArray(String[]::new));
        assertThat(ran.exitCode()).as(ran.output()).isZero();
        return ran.output().lines().map(String::strip).toList();
    }

    @Test
    void zshLoadsItsCompletion() {
        assumeTrue(Ran.finds("zsh"), "there is no zsh on this machine");
        Ran ran = Ran.of(
                "zsh",
                "-f",
                "-c",
                "autoload -U compinit; compinit -u -D; source \"$0\"; print -r -- $_comps[ipamer]",
                home.resolve("completion").resolve("_ipamer").toString());
        assertThat(ran.output()).contains("_complete_ipamer");
        assertThat(ran.exitCode()).isZero();
    }

    @Test
    void theCommandPrintsWhatThePackageHolds() throws Exception {
        assertThat(run(launcher, "completion", "bash").out())
                .isEqualTo(Files.readString(home.resolve("completion").resolve("ipamer.bash")));
        assertThat(run(launcher, "completion", "zsh").out())
                .isEqualTo(Files.readString(home.resolve("completion").resolve("_ipamer")));
        assertThat(run(launcher, "completion", "fish").exitCode()).isEqualTo(2);
    }
}
