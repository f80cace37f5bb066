package main

import (
	"fmt"
	"net/http"

	"connectrpc.com/connect"
	"github.com/metal-stack/go-ipam/api/v1/apiv1connect"
)

// target is a server and the way to it.
type target struct {
	url             string
	protocol        string
	idleConnections int
}

func (t target) client() (apiv1connect.IpamServiceClient, error) {
	var options []connect.ClientOption
	switch t.protocol {
	case "grpc":
		options = append(options, connect.WithGRPC())
	case "grpc-web":
		options = append(options, connect.WithGRPCWeb())
	case "connect":
		// what a client without options speaks
	case "connect-json":
		options = append(options, connect.WithProtoJSON())
	default:
		return nil, fmt.Errorf("there is no protocol %q: grpc, grpc-web, connect or connect-json", t.protocol)
	}
	return apiv1connect.NewIpamServiceClient(t.http(), t.url, options...), nil
}

func (t target) http() *http.Client {
	if t.idleConnections == 0 {
		return http.DefaultClient
	}
	return &http.Client{Transport: &http.Transport{
		MaxIdleConns:        t.idleConnections,
		MaxIdleConnsPerHost: t.idleConnections,
	}}
}
