package ipamer

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/ipamer/ipamer/proto/clients/go/ipamerv1"
)

// A server that does what a test says, and remembers what it was asked.
type fakeServer struct {
	ipamerv1.UnimplementedIpamerServiceServer

	mutex    sync.Mutex
	requests []proto.Message
	failures []error // one for each of the first calls
	versions func(ctx context.Context) (*ipamerv1.GetVersionResponse, error)
}

func (s *fakeServer) called(request proto.Message) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.requests = append(s.requests, request)
	if len(s.failures) == 0 {
		return nil
	}
	failure := s.failures[0]
	s.failures = s.failures[1:]
	return failure
}

func (s *fakeServer) GetVersion(ctx context.Context, _ *ipamerv1.GetVersionRequest) (*ipamerv1.GetVersionResponse, error) {
	return s.versions(ctx)
}

func (s *fakeServer) AcquireIp(_ context.Context, request *ipamerv1.AcquireIpRequest) (*ipamerv1.AcquireIpResponse, error) {
	return &ipamerv1.AcquireIpResponse{}, s.called(request)
}

func (s *fakeServer) GetPrefix(_ context.Context, request *ipamerv1.GetPrefixRequest) (*ipamerv1.GetPrefixResponse, error) {
	return &ipamerv1.GetPrefixResponse{}, s.called(request)
}

// Ten prefixes in pages of four.
func (s *fakeServer) ListPrefixes(_ context.Context, request *ipamerv1.ListPrefixesRequest) (*ipamerv1.ListPrefixesResponse, error) {
	if err := s.called(request); err != nil {
		return nil, err
	}
	first, _ := strconv.Atoi(request.GetPageToken())
	answer := &ipamerv1.ListPrefixesResponse{}
	for i := first; i < min(first+4, 10); i++ {
		answer.Prefixes = append(answer.Prefixes, &ipamerv1.Prefix{Cidr: fmt.Sprintf("10.0.%d.0/24", i)})
	}
	if first+4 < 10 {
		answer.NextPageToken = strconv.Itoa(first + 4)
	}
	return answer, nil
}

func (s *fakeServer) Export(request *ipamerv1.ExportRequest, _ grpc.ServerStreamingServer[ipamerv1.ExportResponse]) error {
	return s.called(request)
}

func (s *fakeServer) Import(grpc.BidiStreamingServer[ipamerv1.ImportRequest, ipamerv1.ImportResponse]) error {
	return s.called(&ipamerv1.ImportRequest{})
}

// A client of this server, of which Dial was told so.
func (s *fakeServer) dial(t *testing.T, options ...Option) *Client {
	t.Helper()
	return dial(t, s.serve(t), append([]Option{WithPlaintext()}, options...)...)
}

func (s *fakeServer) serve(t *testing.T, options ...grpc.ServerOption) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(options...)
	ipamerv1.RegisterIpamerServiceServer(server, s)
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	return listener.Addr().String()
}

func dial(t *testing.T, target string, options ...Option) *Client {
	t.Helper()
	client, err := Dial(target, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func refused(code codes.Code, reason string, metadata map[string]string) error {
	refused, err := status.New(code, "no").WithDetails(
		&errdetails.ErrorInfo{Domain: "ipamer.io", Reason: reason, Metadata: metadata},
		&errdetails.RetryInfo{RetryDelay: durationpb.New(250 * time.Millisecond)})
	if err != nil {
		panic(err)
	}
	return refused.Err()
}

var unavailable = status.Error(codes.Unavailable, "away")

func TestEveryCallThatChangesSomethingHasARequestIDOfItsOwn(t *testing.T) {
	server := &fakeServer{}
	client := server.dial(t)
	request := &ipamerv1.AcquireIpRequest{PrefixCidr: "10.0.0.0/24"}
	for range 2 {
		if _, err := client.AcquireIp(t.Context(), request); err != nil {
			t.Fatal(err)
		}
	}
	first := server.requests[0].(*ipamerv1.AcquireIpRequest)
	second := server.requests[1].(*ipamerv1.AcquireIpRequest)
	if first.GetRequestId() == "" || first.GetRequestId() == second.GetRequestId() {
		t.Errorf("ids %q and %q", first.GetRequestId(), second.GetRequestId())
	}
	if first.GetPrefixCidr() != "10.0.0.0/24" {
		t.Errorf("the rest of the request came as %v", first)
	}
	if request.GetRequestId() != "" {
		t.Errorf("the caller's request was changed: %v", request)
	}
}

func TestTheCallersOwnRequestIDIsSent(t *testing.T) {
	server := &fakeServer{}
	if _, err := server.dial(t).AcquireIp(t.Context(), &ipamerv1.AcquireIpRequest{RequestId: "mine"}); err != nil {
		t.Fatal(err)
	}
	if id := server.requests[0].(*ipamerv1.AcquireIpRequest).GetRequestId(); id != "mine" {
		t.Errorf("sent %q", id)
	}
}

func TestARequestThatIsNilIsSentWithARequestID(t *testing.T) {
	server := &fakeServer{}
	if _, err := server.dial(t).AcquireIp(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if server.requests[0].(*ipamerv1.AcquireIpRequest).GetRequestId() == "" {
		t.Error("it had none")
	}
}

func TestAServerThatIsAwayIsAskedAgainWithTheSameRequestID(t *testing.T) {
	server := &fakeServer{failures: []error{unavailable, refused(codes.Unknown, "OUTCOME_UNKNOWN", nil)}}
	if _, err := server.dial(t).AcquireIp(t.Context(), &ipamerv1.AcquireIpRequest{}); err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, request := range server.requests {
		ids[request.(*ipamerv1.AcquireIpRequest).GetRequestId()] = true
	}
	if len(server.requests) != 3 || len(ids) != 1 {
		t.Errorf("asked %d times, with ids %v", len(server.requests), ids)
	}
}

func TestARefusalIsNotAskedForAgain(t *testing.T) {
	server := &fakeServer{failures: []error{refused(codes.ResourceExhausted, "NO_FREE_ADDRESS", nil)}}
	if _, err := server.dial(t).AcquireIp(t.Context(), &ipamerv1.AcquireIpRequest{}); err == nil {
		t.Error("it was not told")
	}
	if len(server.requests) != 1 {
		t.Errorf("asked %d times", len(server.requests))
	}
}

func TestAnImportIsNotSentAgain(t *testing.T) {
	server := &fakeServer{failures: []error{unavailable}}
	stream, err := server.dial(t).Import(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); status.Code(err) != codes.Unavailable {
		t.Errorf("got %v", err)
	}
	if len(server.requests) != 1 {
		t.Errorf("sent %d times", len(server.requests))
	}
}

func TestARefusalHasReasonAndMetadata(t *testing.T) {
	server := &fakeServer{failures: []error{refused(codes.AlreadyExists, "PREFIX_OVERLAPS", map[string]string{"cidr": "10.0.0.0/8"})}}
	_, err := server.dial(t).GetPrefix(t.Context(), &ipamerv1.GetPrefixRequest{})
	var refusal *Refusal
	if !errors.As(fmt.Errorf("wrapped: %w", err), &refusal) {
		t.Fatalf("no refusal: %v", err)
	}
	if Reason(err) != ipamerv1.ErrorReason_ERROR_REASON_PREFIX_OVERLAPS || refusal.ReasonName != "PREFIX_OVERLAPS" ||
		refusal.Metadata["cidr"] != "10.0.0.0/8" || refusal.RetryAfter != 250*time.Millisecond {
		t.Errorf("%+v", refusal)
	}
	if err.Error() != "PREFIX_OVERLAPS: no" {
		t.Errorf("it reads %q", err)
	}
	if answer, ok := status.FromError(err); !ok || answer.Code() != codes.AlreadyExists || len(answer.Details()) != 2 {
		t.Errorf("as a status: %v", answer)
	}
}

func TestAReasonOfANewerServerKeepsItsNameAndCode(t *testing.T) {
	server := &fakeServer{failures: []error{refused(codes.PermissionDenied, "NOT_YOURS", nil)}}
	_, err := server.dial(t).GetPrefix(t.Context(), &ipamerv1.GetPrefixRequest{})
	var refusal *Refusal
	if !errors.As(err, &refusal) || Reason(err) != ipamerv1.ErrorReason_ERROR_REASON_UNSPECIFIED ||
		refusal.ReasonName != "NOT_YOURS" || refusal.Code() != codes.PermissionDenied {
		t.Errorf("%v", err)
	}
}

func TestAnErrorWithoutAReasonIsAPlainStatus(t *testing.T) {
	server := &fakeServer{failures: []error{status.Error(codes.ResourceExhausted, "too large")}}
	_, err := server.dial(t).GetPrefix(t.Context(), &ipamerv1.GetPrefixRequest{})
	var refusal *Refusal
	if errors.As(err, &refusal) || status.Code(err) != codes.ResourceExhausted {
		t.Errorf("%v", err)
	}
	if Reason(err) != ipamerv1.ErrorReason_ERROR_REASON_UNSPECIFIED || Reason(nil) != Reason(io.EOF) {
		t.Error("it has a reason")
	}
}

func TestAStreamIsRefusedWithAReasonToo(t *testing.T) {
	server := &fakeServer{failures: []error{refused(codes.NotFound, "NAMESPACE_NOT_FOUND", nil)}}
	client := server.dial(t)
	for _, want := range []ipamerv1.ErrorReason{ipamerv1.ErrorReason_ERROR_REASON_NAMESPACE_NOT_FOUND, 0} {
		stream, err := client.Export(t.Context(), &ipamerv1.ExportRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Recv(); Reason(err) != want || want == 0 && err != io.EOF {
			t.Errorf("%v instead of %v", err, want)
		}
	}
}

func TestAListGoesThroughAllPages(t *testing.T) {
	server := &fakeServer{}
	request := &ipamerv1.ListPrefixesRequest{Owner: "me"}
	list := server.dial(t).Prefixes(t.Context(), request)
	for range 2 {
		server.requests = nil
		var cidrs []string
		for prefix, err := range list {
			if err != nil {
				t.Fatal(err)
			}
			cidrs = append(cidrs, prefix.GetCidr())
		}
		if len(cidrs) != 10 || !slices.IsSorted(cidrs) {
			t.Errorf("%v", cidrs)
		}
		if len(server.requests) != 3 {
			t.Errorf("%d pages", len(server.requests))
		}
		for _, asked := range server.requests {
			if asked.(*ipamerv1.ListPrefixesRequest).GetOwner() != "me" {
				t.Errorf("a page was asked for with %v", asked)
			}
		}
	}
	if request.GetPageToken() != "" {
		t.Errorf("the caller's request was changed: %v", request)
	}
}

func TestAListStopsWhereItsReaderDoes(t *testing.T) {
	server := &fakeServer{}
	for range server.dial(t).Prefixes(t.Context(), nil) {
		break
	}
	if len(server.requests) != 1 {
		t.Errorf("%d pages", len(server.requests))
	}
}

func TestAListEndsWithItsError(t *testing.T) {
	server := &fakeServer{failures: []error{nil, refused(codes.NotFound, "NAMESPACE_NOT_FOUND", nil)}}
	rows := 0
	var last error
	for prefix, err := range server.dial(t).Prefixes(t.Context(), nil) {
		if (prefix == nil) == (err == nil) {
			t.Errorf("%v with %v", prefix, err)
		}
		rows, last = rows+1, err
	}
	if rows != 5 || Reason(last) != ipamerv1.ErrorReason_ERROR_REASON_NAMESPACE_NOT_FOUND {
		t.Errorf("%d rows, then %v", rows, last)
	}
}

func TestCallsWithoutADeadlineGetOne(t *testing.T) {
	server := &fakeServer{versions: func(ctx context.Context) (*ipamerv1.GetVersionResponse, error) {
		deadline, ok := ctx.Deadline()
		if !ok {
			return &ipamerv1.GetVersionResponse{Version: "none"}, nil
		}
		return &ipamerv1.GetVersionResponse{Version: time.Until(deadline).Round(10 * time.Second).String()}, nil
	}}
	minute, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, c := range []struct {
		name   string
		client *Client
		ctx    context.Context
		want   string
	}{
		{"unless told otherwise", server.dial(t), t.Context(), "20s"},
		{"as told", server.dial(t, WithTimeout(100*time.Second)), t.Context(), "1m40s"},
		{"none", server.dial(t, WithTimeout(0)), t.Context(), "none"},
		{"the caller's", server.dial(t), minute, "1m0s"},
	} {
		answer, err := c.client.GetVersion(c.ctx, &ipamerv1.GetVersionRequest{})
		if err != nil || answer.GetVersion() != c.want {
			t.Errorf("%s: %v instead of %s (%v)", c.name, answer.GetVersion(), c.want, err)
		}
	}
}

// An interceptor that sends a call again when it failed, up to two times, and does so only within a deadline.
func again(failed *[]error) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, request, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker,
		options ...grpc.CallOption) error {
		if _, bounded := ctx.Deadline(); !bounded {
			return errors.New("a call without a deadline")
		}
		for range 2 {
			err := invoke(ctx, method, request, reply, conn, options...)
			if err == nil {
				return nil
			}
			*failed = append(*failed, err)
		}
		return invoke(ctx, method, request, reply, conn, options...)
	}
}

func TestACallThatAnInterceptorRepeatsKeepsItsRequestIDWithinOneDeadline(t *testing.T) {
	for name, option := range map[string]func(grpc.UnaryClientInterceptor) grpc.DialOption{
		"the first": grpc.WithUnaryInterceptor,
		"in a chain": func(interceptor grpc.UnaryClientInterceptor) grpc.DialOption {
			return grpc.WithChainUnaryInterceptor(interceptor)
		},
	} {
		server := &fakeServer{failures: []error{
			refused(codes.ResourceExhausted, "NO_FREE_ADDRESS", nil), unavailable, status.Error(codes.Internal, "broken")}}
		var failed []error
		client := server.dial(t, WithDialOptions(option(again(&failed))))
		if _, err := client.AcquireIp(t.Context(), &ipamerv1.AcquireIpRequest{}); err != nil {
			t.Fatal(name, err)
		}
		ids := map[string]bool{}
		for _, request := range server.requests {
			ids[request.(*ipamerv1.AcquireIpRequest).GetRequestId()] = true
		}
		if len(server.requests) != 4 || len(ids) != 1 || ids[""] {
			t.Errorf("%s: asked %d times, with ids %v", name, len(server.requests), ids)
		}
		if len(failed) != 2 || Reason(failed[0]) != ipamerv1.ErrorReason_ERROR_REASON_NO_FREE_ADDRESS {
			t.Errorf("%s: it saw %v", name, failed)
		}
	}
}

func TestWhatAnInterceptorGivesUpIsARefusal(t *testing.T) {
	refusal := refused(codes.ResourceExhausted, "NO_FREE_ADDRESS", nil)
	server := &fakeServer{failures: []error{refusal, refusal, refusal}}
	var failed []error
	client := server.dial(t, WithDialOptions(grpc.WithUnaryInterceptor(again(&failed))))
	_, err := client.AcquireIp(t.Context(), &ipamerv1.AcquireIpRequest{})
	var told *Refusal
	if !errors.As(err, &told) || told.ReasonName != "NO_FREE_ADDRESS" || len(server.requests) != 3 {
		t.Errorf("%v, asked %d times", err, len(server.requests))
	}
}

func TestAStreamThatAnInterceptorOpensIsRefusedWithAReasonToo(t *testing.T) {
	for name, option := range map[string]func(grpc.StreamClientInterceptor) grpc.DialOption{
		"the first": grpc.WithStreamInterceptor,
		"in a chain": func(interceptor grpc.StreamClientInterceptor) grpc.DialOption {
			return grpc.WithChainStreamInterceptor(interceptor)
		},
	} {
		opened := 0
		server := &fakeServer{failures: []error{refused(codes.NotFound, "NAMESPACE_NOT_FOUND", nil)}}
		client := server.dial(t, WithDialOptions(option(func(ctx context.Context, description *grpc.StreamDesc,
			conn *grpc.ClientConn, method string, open grpc.Streamer, options ...grpc.CallOption) (grpc.ClientStream, error) {
			opened++
			return open(ctx, description, conn, method, options...)
		})))
		stream, err := client.Export(t.Context(), &ipamerv1.ExportRequest{})
		if err != nil {
			t.Fatal(name, err)
		}
		var told *Refusal
		if _, err := stream.Recv(); !errors.As(err, &told) || opened != 1 {
			t.Errorf("%s: %v, opened %d times", name, err, opened)
		}
	}
}

func TestAClosedClientSaysSo(t *testing.T) {
	client := (&fakeServer{}).dial(t)
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := client.GetPrefix(t.Context(), &ipamerv1.GetPrefixRequest{}); status.Code(err) != codes.Canceled {
		t.Errorf("%v", err)
	}
}

func TestTheConnectionIsTLSUnlessToldOtherwise(t *testing.T) {
	certificate, roots := selfSigned(t)
	secure := (&fakeServer{}).serve(t, grpc.Creds(credentials.NewServerTLSFromCert(certificate)))
	plain := (&fakeServer{}).serve(t)
	for _, c := range []struct {
		name   string
		client *Client
		served bool
	}{
		{"roots of its own", dial(t, secure, WithTLS(&tls.Config{RootCAs: roots})), true},
		{"the system's roots", dial(t, secure), false},
		{"a server without TLS", dial(t, plain), false},
		{"plaintext", dial(t, plain, WithPlaintext()), true},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		if c.served {
			ctx = t.Context()
		}
		_, err := c.client.GetPrefix(ctx, &ipamerv1.GetPrefixRequest{})
		cancel()
		if (err == nil) != c.served {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func selfSigned(t *testing.T) (*tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		NotAfter:     time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}
