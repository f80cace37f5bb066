package io.ipamer.it;

import io.ipamer.app.IpamerServer;

class RealDumpOnPostgresIT extends RealDumpIT {
    @Override
    IpamerServer serve() {
        return Servers.onPostgres();
    }
}
