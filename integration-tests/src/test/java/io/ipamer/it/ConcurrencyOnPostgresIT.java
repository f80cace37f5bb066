package io.ipamer.it;

import io.ipamer.app.IpamerServer;

class ConcurrencyOnPostgresIT extends ConcurrencyIT {
    @Override
    IpamerServer serve() {
        return Servers.onPostgres();
    }
}
