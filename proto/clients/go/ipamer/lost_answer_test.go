package ipamer

import (
	"encoding/binary"
	"io"
	"net"
	"os"
	"sync/atomic"
	"testing"

	"github.com/ipamer/ipamer/proto/clients/go/ipamerv1"
)

// Needs a server that gives addresses out: IPAMER_TEST_TARGET, which may be changed in a namespace of the test's own.
func TestACallWhoseAnswerWasLostIsDoneOnce(t *testing.T) {
	target := os.Getenv("IPAMER_TEST_TARGET")
	if target == "" {
		t.Skip("IPAMER_TEST_TARGET names no server")
	}
	line := cutLine(t, target)
	client := dial(t, line.address, WithPlaintext())
	const namespace, cidr = "go-lost-answer", "10.0.0.0/24"
	if _, err := client.CreateNamespace(t.Context(), &ipamerv1.CreateNamespaceRequest{Name: namespace}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.CreatePrefix(t.Context(), &ipamerv1.CreatePrefixRequest{Namespace: namespace, Cidr: cidr}); err != nil {
		t.Fatal(err)
	}

	line.cutsTheNextAnswer.Store(true)
	answer, err := client.AcquireIp(t.Context(), &ipamerv1.AcquireIpRequest{Namespace: namespace, PrefixCidr: cidr})
	if err != nil {
		t.Fatal(err)
	}

	if line.cutsTheNextAnswer.Load() || !answer.GetReplayed() {
		t.Errorf("no answer was lost: %v", answer)
	}
	var held []string
	for ip, err := range client.Ips(t.Context(), &ipamerv1.ListIpsRequest{Namespace: namespace, PrefixCidr: cidr}) {
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, ip.GetAddress())
	}
	if len(held) != 1 || held[0] != answer.GetAllocation().GetAddress() {
		t.Errorf("%v are held, and %v was answered", held, answer)
	}
}

// A way to a server on which an answer can get lost: the connection ends where the answer would begin.
type line struct {
	address           string
	cutsTheNextAnswer atomic.Bool
}

func cutLine(t *testing.T, target string) *line {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	line := &line{address: listener.Addr().String()}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", target)
			if err != nil {
				client.Close()
				continue
			}
			go func() {
				io.Copy(server, client)
				server.Close()
			}()
			go func() {
				line.answers(client, server)
				client.Close()
				server.Close()
			}()
		}
	}()
	return line
}

// Copies frames of HTTP/2 one by one: answers begin with one of type HEADERS.
func (l *line) answers(client, server net.Conn) {
	const headerBytes, headers = 9, 1
	frame := make([]byte, headerBytes)
	for {
		if _, err := io.ReadFull(server, frame); err != nil {
			return
		}
		if frame[3] == headers && l.cutsTheNextAnswer.CompareAndSwap(true, false) {
			return
		}
		if _, err := client.Write(frame); err != nil {
			return
		}
		length := int64(binary.BigEndian.Uint32(append([]byte{0}, frame[:3]...)))
		if _, err := io.CopyN(client, server, length); err != nil {
			return
		}
	}
}
