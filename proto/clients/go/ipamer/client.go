// Package ipamer calls an Ipamer server: it hands out IP prefixes and addresses, and never hands the same one out twice.
//
// [Dial] gives a [Client], which has every rpc of ipamer.v1 as a method (package ipamerv1 has the messages), and beside
// them iterators over lists of any length. Calls are repeated by themselves while the server cannot be reached, which is
// safe because every call that changes something carries a request id. What the server refuses comes as a [*Refusal],
// which is also a gRPC status.
package ipamer

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/ipamer/ipamer/proto/clients/go/ipamerv1"
)

const (
	// As long as a server waits for a store that is away.
	defaultTimeout = 20 * time.Second

	// What a server takes, it may also answer.
	maxMessageBytes = 64 << 20

	// A connection on which calls wait and nothing comes is asked for a sign of life.
	keepaliveTime    = 30 * time.Second
	keepaliveTimeout = 10 * time.Second
)

// UNKNOWN is here for OUTCOME_UNKNOWN, of which the server says: send the call again with the same request id. Import has
// none, so it is not repeated. The waits add up to about seven seconds, which is how long a server may take to start.
const serviceConfig = `{"methodConfig": [
  {"name": [{"service": "ipamer.v1.IpamerService"}],
   "retryPolicy": {"maxAttempts": 5, "initialBackoff": "0.1s", "maxBackoff": "5s", "backoffMultiplier": 4,
                   "retryableStatusCodes": ["UNAVAILABLE", "UNKNOWN"]}},
  {"name": [{"service": "ipamer.v1.IpamerService", "method": "Import"}]}
]}`

// Client calls one server, or the several behind one name. It is safe for use by many goroutines, which share one
// connection.
type Client struct {
	ipamerv1.IpamerServiceClient
	conn *grpc.ClientConn
}

// Dial makes a client of the server at target, such as "ipam.example.net:9090" or any other name that gRPC resolves. It
// does not wait for a connection: that is made with the first call.
//
// The connection is TLS, verified by the system's roots, unless an option says otherwise.
func Dial(target string, options ...Option) (*Client, error) {
	settings := settings{
		credentials: credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS12}),
		timeout:     defaultTimeout,
	}
	for _, option := range options {
		option(&settings)
	}
	conn, err := grpc.NewClient(target, append([]grpc.DialOption{
		grpc.WithTransportCredentials(settings.credentials),
		grpc.WithDefaultServiceConfig(serviceConfig),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessageBytes)),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: keepaliveTime, Timeout: keepaliveTimeout}),
	}, settings.dialOptions...)...)
	if err != nil {
		return nil, err
	}
	return &Client{ipamerv1.NewIpamerServiceClient(calls{conn, settings.timeout}), conn}, nil
}

// Conn is the connection, for the server's other services: health and reflection. Calls of ipamer.v1 belong to the Client:
// made on the connection, they are repeated without a request id.
func (c *Client) Conn() *grpc.ClientConn {
	return c.conn
}

// Close ends the connection. Calls that are under way fail as cancelled.
func (c *Client) Close() error {
	return c.conn.Close()
}

// Option is a choice that Dial makes otherwise.
type Option func(*settings)

type settings struct {
	credentials credentials.TransportCredentials
	timeout     time.Duration
	dialOptions []grpc.DialOption
}

// WithPlaintext leaves out TLS: whoever is on the way can read and change everything.
func WithPlaintext() Option {
	return func(s *settings) { s.credentials = insecure.NewCredentials() }
}

// WithTLS takes other roots, a certificate of the client's own, or another name for the server.
func WithTLS(config *tls.Config) Option {
	return func(s *settings) { s.credentials = credentials.NewTLS(config) }
}

// WithTimeout bounds calls whose context has no deadline, their repetitions included; 0 for no bound. It is 20 s unless
// chosen here, and does not concern Export and Import.
func WithTimeout(timeout time.Duration) Option {
	return func(s *settings) { s.timeout = timeout }
}

// WithDialOptions hands options on to gRPC, such as interceptors or credentials for each call. They come after those of
// this package. Interceptors see what is sent, with its request id, and may send it again. Errors come to them as statuses, of
// which [Reason] tells the reason, too.
func WithDialOptions(options ...grpc.DialOption) Option {
	return func(s *settings) { s.dialOptions = append(s.dialOptions, options...) }
}

// What a call of a Client has more than one on its connection. It runs once for a call, above all interceptors and gRPC's
// own repetitions: whoever of them sends the call again does so with one request id, and within one timeout.
type calls struct {
	conn    grpc.ClientConnInterface
	timeout time.Duration
}

func (c calls) Invoke(ctx context.Context, method string, request, reply any, options ...grpc.CallOption) error {
	if _, bounded := ctx.Deadline(); !bounded && c.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.timeout)
		defer cancel()
	}
	return refusal(c.conn.Invoke(ctx, method, withRequestID(request), reply, options...))
}

func (c calls) NewStream(ctx context.Context, description *grpc.StreamDesc, method string,
	options ...grpc.CallOption) (grpc.ClientStream, error) {
	opened, err := c.conn.NewStream(ctx, description, method, options...)
	if err != nil {
		return nil, refusal(err)
	}
	return refusingStream{opened}, nil
}

type refusingStream struct {
	grpc.ClientStream
}

func (s refusingStream) RecvMsg(message any) error {
	return refusal(s.ClientStream.RecvMsg(message))
}

// Requests that change something have a field for the id. The caller's message stays as it is, so that it can be sent
// again as a call of its own.
func withRequestID(request any) any {
	message, ok := request.(proto.Message)
	if !ok {
		return request
	}
	field := message.ProtoReflect().Descriptor().Fields().ByName("request_id")
	if field == nil || message.ProtoReflect().Get(field).String() != "" {
		return request
	}
	return with(message, field, rand.Text())
}

// A copy in which one field is another; of nil, too.
func with[M proto.Message](message M, field protoreflect.FieldDescriptor, text string) M {
	changed := proto.Clone(message)
	if !changed.ProtoReflect().IsValid() {
		changed = message.ProtoReflect().New().Interface()
	}
	changed.ProtoReflect().Set(field, protoreflect.ValueOfString(text))
	return changed.(M)
}
