package ipamer

import (
	"context"
	"iter"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/ipamer/ipamer/proto/clients/go/ipamerv1"
)

// Namespaces lists all namespaces by name. As with all lists here: a nil request asks for everything; page_size says how
// many rows one call fetches, and page_token where to begin; the error, if there is one, comes last.
func (c *Client) Namespaces(ctx context.Context, request *ipamerv1.ListNamespacesRequest,
	options ...grpc.CallOption) iter.Seq2[*ipamerv1.Namespace, error] {
	return rows(pages(ctx, request, c.ListNamespaces, options), (*ipamerv1.ListNamespacesResponse).GetNamespaces)
}

// Prefixes lists the prefixes of a namespace that the request's filters leave: a prefix before what is in it.
func (c *Client) Prefixes(ctx context.Context, request *ipamerv1.ListPrefixesRequest,
	options ...grpc.CallOption) iter.Seq2[*ipamerv1.Prefix, error] {
	return rows(pages(ctx, request, c.ListPrefixes, options), (*ipamerv1.ListPrefixesResponse).GetPrefixes)
}

// Ips lists the acquired addresses of a prefix that the request's filters leave, ascending.
func (c *Client) Ips(ctx context.Context, request *ipamerv1.ListIpsRequest,
	options ...grpc.CallOption) iter.Seq2[*ipamerv1.Allocation, error] {
	return rows(pages(ctx, request, c.ListIps, options), (*ipamerv1.ListIpsResponse).GetAllocations)
}

// FreeRanges lists the free space of a prefix, ascending.
func (c *Client) FreeRanges(ctx context.Context, request *ipamerv1.ListFreeRequest,
	options ...grpc.CallOption) iter.Seq2[*ipamerv1.FreeRange, error] {
	return rows(pages(ctx, request, c.ListFree, options), (*ipamerv1.ListFreeResponse).GetRanges)
}

// LookupPages finds what has an owner or labels. It yields the answers as they come, for they have rows of two kinds: all
// prefixes first, then addresses.
func (c *Client) LookupPages(ctx context.Context, request *ipamerv1.LookupRequest,
	options ...grpc.CallOption) iter.Seq2[*ipamerv1.LookupResponse, error] {
	return pages(ctx, request, c.Lookup, options)
}

type page interface {
	GetNextPageToken() string
}

func pages[Q proto.Message, P page](ctx context.Context, request Q,
	list func(context.Context, Q, ...grpc.CallOption) (P, error), options []grpc.CallOption) iter.Seq2[P, error] {
	return func(yield func(P, error) bool) {
		token := request.ProtoReflect().Descriptor().Fields().ByName("page_token")
		for next := request; ; {
			answer, err := list(ctx, next, options...)
			if !yield(answer, err) || err != nil || answer.GetNextPageToken() == "" {
				return
			}
			next = with(next, token, answer.GetNextPageToken())
		}
	}
}

func rows[P page, R any](pages iter.Seq2[P, error], of func(P) []R) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		for page, err := range pages {
			if err != nil {
				var none R
				yield(none, err)
				return
			}
			for _, row := range of(page) {
				if !yield(row, nil) {
					return
				}
			}
		}
	}
}
