package io.ipamer.bench;

import io.ipamer.address.IpAddress;
import java.util.List;
import java.util.function.Supplier;

/** The calls of one contract, in one namespace. A supplier is for a call that is sent often. */
interface Contract {
    /** How calls are named in the report, alike for both contracts. */
    String ACQUIRE = "acquire";

    String RELEASE = "release";
    String CHILD = "child";
    String CREATE_PREFIX = "create-prefix";
    String READ = "read";

    /** What is called before and after measuring. */
    String OTHER = "other";

    Call<?, ?> createNamespace();

    Call<?, ?> deleteNamespace();

    /** Gives the CIDR of the new prefix. */
    Call<?, ?> createPrefix(String cidr);

    Call<?, ?> deletePrefix(String cidr);

    /** Gives the CIDR that was read. */
    Supplier<Call<?, ?>> readPrefix(String cidr);

    /** Gives the CIDR of the child. */
    Supplier<Call<?, ?>> acquireChild(String parent, int length);

    Call<?, ?> releaseChild(String cidr);

    /** Gives the address. */
    Supplier<Call<?, ?>> acquire(String prefix);

    Call<?, ?> release(String prefix, IpAddress address);

    /** As few calls as it takes to acquire some addresses; each gives its own, with commas between. */
    List<Call<?, ?>> acquireMany(String prefix, int count);

    /** As few calls as it takes to release up to 4096 addresses. */
    List<Call<?, ?>> releaseMany(String prefix, List<IpAddress> addresses);
}
