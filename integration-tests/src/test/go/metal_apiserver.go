package main

import (
	"context"
	"fmt"
	"slices"

	"connectrpc.com/connect"
	v1 "github.com/metal-stack/go-ipam/api/v1"
	"github.com/metal-stack/go-ipam/api/v1/apiv1connect"
)

const superPrefix = "10.202.0.0/20"

// project is what metal-apiserver keeps in a namespace: a super prefix, and private networks as its children.
type project struct {
	ipam      apiv1connect.IpamServiceClient
	namespace string
}

// superPrefixIsThere makes the super prefix if a look for it says not_found.
func (p project) superPrefixIsThere(ctx context.Context) (created bool, err error) {
	_, err = p.ipam.GetPrefix(ctx, connect.NewRequest(&v1.GetPrefixRequest{Cidr: superPrefix, Namespace: &p.namespace}))
	if err == nil || connect.CodeOf(err) != connect.CodeNotFound {
		return false, err
	}
	_, err = p.ipam.CreatePrefix(ctx,
		connect.NewRequest(&v1.CreatePrefixRequest{Cidr: superPrefix, Namespace: &p.namespace}))
	return err == nil, err
}

func (p project) acquireNetwork(ctx context.Context) (string, error) {
	response, err := p.ipam.AcquireChildPrefix(ctx, connect.NewRequest(
		&v1.AcquireChildPrefixRequest{Cidr: superPrefix, Length: 22, Namespace: &p.namespace}))
	if err != nil {
		return "", fmt.Errorf("AcquireChildPrefix of %s in %s: %w", superPrefix, p.namespace, err)
	}
	return response.Msg.GetPrefix().GetCidr(), nil
}

// delete takes not_found for done.
func (p project) delete(ctx context.Context, prefix string) error {
	_, err := p.ipam.DeletePrefix(ctx,
		connect.NewRequest(&v1.DeletePrefixRequest{Cidr: prefix, Namespace: &p.namespace}))
	if err != nil && connect.CodeOf(err) != connect.CodeNotFound {
		return fmt.Errorf("DeletePrefix of %s in %s: %w", prefix, p.namespace, err)
	}
	return nil
}

// available is what metal-apiserver shows: a difference of unsigned numbers that nothing keeps from wrapping.
func (p project) available(ctx context.Context, prefix string) (uint64, error) {
	response, err := p.ipam.PrefixUsage(ctx,
		connect.NewRequest(&v1.PrefixUsageRequest{Cidr: prefix, Namespace: &p.namespace}))
	if err != nil {
		return 0, fmt.Errorf("PrefixUsage of %s in %s: %w", prefix, p.namespace, err)
	}
	return response.Msg.GetAvailableIps() - response.Msg.GetAcquiredIps(), nil
}

func metalAPIServer(ctx context.Context, ipam apiv1connect.IpamServiceClient) error {
	if err := isHealthy(ctx, ipam); err != nil {
		return err
	}
	// Both have the same networks at the same time, for namespaces share nothing.
	projects := []project{
		{ipam, "9b1e5c0e-0c5f-4b6a-8a5d-1f2e3d4c5b6a"},
		{ipam, "0f7f2c9e-52a3-4c0d-9d0e-6a5b4c3d2e1f"},
	}
	for _, p := range projects {
		if err := p.takesNetworks(ctx); err != nil {
			return err
		}
	}
	for _, p := range projects {
		if err := p.leaves(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (p project) takesNetworks(ctx context.Context) error {
	for range 2 { // the second time it is there
		if _, err := p.ipam.CreateNamespace(ctx,
			connect.NewRequest(&v1.CreateNamespaceRequest{Namespace: p.namespace})); err != nil {
			return fmt.Errorf("CreateNamespace of %s: %w", p.namespace, err)
		}
	}
	for _, expected := range []bool{true, false} {
		created, err := p.superPrefixIsThere(ctx)
		if err != nil {
			return fmt.Errorf("looking for %s in %s and making it: %w", superPrefix, p.namespace, err)
		}
		if err := same("that the super prefix was made", created, expected); err != nil {
			return err
		}
	}
	first, err := p.acquireNetwork(ctx)
	if err != nil {
		return err
	}
	second, err := p.acquireNetwork(ctx)
	if err != nil {
		return err
	}
	if err := same("the first network of "+p.namespace, first, "10.202.0.0/22"); err != nil {
		return err
	}
	if err := same("the second network of "+p.namespace, second, "10.202.4.0/22"); err != nil {
		return err
	}

	ip, err := p.ipam.AcquireIP(ctx, connect.NewRequest(
		&v1.AcquireIPRequest{PrefixCidr: second, Namespace: &p.namespace}))
	if err != nil {
		return fmt.Errorf("AcquireIP of %s in %s: %w", second, p.namespace, err)
	}
	if err := same("the first address of "+second, ip.Msg.GetIp().GetIp(), "10.202.4.1"); err != nil {
		return err
	}
	available, err := p.available(ctx, second)
	if err != nil {
		return err
	}
	if err := same("what is available of a /22 with one address acquired", available, 1024-3); err != nil {
		return err
	}
	if _, err := p.ipam.ReleaseIP(ctx, connect.NewRequest(
		&v1.ReleaseIPRequest{PrefixCidr: second, Ip: "10.202.4.1", Namespace: &p.namespace})); err != nil {
		return fmt.Errorf("ReleaseIP of 10.202.4.1 in %s: %w", p.namespace, err)
	}
	return nil
}

func (p project) leaves(ctx context.Context) error {
	// Networks are deleted, not released, and deleted again by a retry that does not know how far the first came.
	for _, prefix := range []string{"10.202.0.0/22", "10.202.4.0/22", "10.202.4.0/22", superPrefix} {
		if err := p.delete(ctx, prefix); err != nil {
			return err
		}
	}
	if _, err := p.ipam.DeleteNamespace(ctx,
		connect.NewRequest(&v1.DeleteNamespaceRequest{Namespace: p.namespace})); err != nil {
		return fmt.Errorf("DeleteNamespace of %s: %w", p.namespace, err)
	}
	response, err := p.ipam.ListNamespaces(ctx, connect.NewRequest(&v1.ListNamespacesRequest{}))
	if err != nil {
		return fmt.Errorf("ListNamespaces: %w", err)
	}
	if slices.Contains(response.Msg.GetNamespace(), p.namespace) {
		return fmt.Errorf("namespace %s was deleted and is still listed", p.namespace)
	}
	return nil
}
