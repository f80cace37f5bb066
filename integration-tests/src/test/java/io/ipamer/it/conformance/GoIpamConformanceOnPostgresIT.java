package io.ipamer.it.conformance;

import io.ipamer.app.IpamerServer;
import io.ipamer.it.Servers;

class GoIpamConformanceOnPostgresIT extends GoIpamConformanceIT {
    @Override
    IpamerServer serve() {
        return Servers.onPostgres();
    }
}
