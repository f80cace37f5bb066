package io.ipamer.it;

import io.ipamer.app.IpamerServer;

class IpamerApiOnPostgresIT extends IpamerApiIT {
    @Override
    IpamerServer serve() {
        return Servers.onPostgres();
    }
}
