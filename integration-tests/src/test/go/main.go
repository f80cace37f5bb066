// Command goipam-clients calls a server of go-ipam's contract as the programs do that are known to: with go-ipam's own
// Go module, over Go's default HTTP client. Every check uses root (or a namespace of its own), leaves nothing behind
// but the prefix of a storm, and ends with one sentence and status 1 when the server does not answer as those programs
// need it.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/metal-stack/go-ipam/api/v1/apiv1connect"
)

// A check calls the server and says what was not as it must be.
type check func(ctx context.Context, ipam apiv1connect.IpamServiceClient) error

const usage = `usage: goipam-clients [flags] metal-api | metal-apiserver | storm

  metal-api         prefixes are walked until one gives an address, codes are told apart, space comes back
  metal-apiserver   a namespace for each project, with a super prefix that is made when it is not there
  storm             many callers on one prefix: all addresses distinct, no error; prints one line of JSON

flags:
`

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "FAILED:", err)
		os.Exit(1)
	}
}

func run(arguments []string, out io.Writer) error {
	flags := flag.NewFlagSet("goipam-clients", flag.ExitOnError)
	var to target
	flags.StringVar(&to.url, "url", "http://127.0.0.1:8080", "base `URL` of the server")
	flags.StringVar(&to.protocol, "protocol", "grpc",
		"`NAME`: grpc, which is what metal-api and metal-apiserver send, grpc-web, connect, or connect-json")
	flags.IntVar(&to.idleConnections, "idle-connections", 0,
		"`COUNT` of idle connections to keep; 0 is http.DefaultClient, which keeps 2, as metal-api does")
	timeout := flags.Duration("timeout", time.Minute, "of metal-api and metal-apiserver as a whole")
	var load storm
	flags.StringVar(&load.prefix, "prefix", "10.64.0.0/10", "`CIDR` that a storm creates and acquires from")
	flags.IntVar(&load.callers, "callers", 64, "goroutines of a storm")
	flags.DurationVar(&load.warmUp, "warm-up", 0, "of a storm, before its calls are counted")
	flags.DurationVar(&load.duration, "duration", 5*time.Second, "of a storm")
	flags.DurationVar(&load.deadline, "deadline", 30*time.Second, "of each call of a storm")
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
	}
	if err := flags.Parse(arguments); err != nil {
		return err
	}

	ipam, err := to.client()
	if err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return fmt.Errorf("one check must be named: metal-api, metal-apiserver or storm, not %q", flags.Args())
	}
	switch name := flags.Arg(0); name {
	case "metal-api":
		return within(*timeout, name, metalAPI, ipam, out)
	case "metal-apiserver":
		return within(*timeout, name, metalAPIServer, ipam, out)
	case "storm":
		return load.run(context.Background(), ipam, out)
	default:
		return fmt.Errorf("there is no check %q: metal-api, metal-apiserver or storm", name)
	}
}

func within(timeout time.Duration, name string, run check, ipam apiv1connect.IpamServiceClient, out io.Writer) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if err := run(ctx, ipam); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	_, err := fmt.Fprintln(out, name, "is served as it needs to be")
	return err
}
