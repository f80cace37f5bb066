package main

import (
	"context"
	"errors"
	"fmt"

	"connectrpc.com/connect"
	v1 "github.com/metal-stack/go-ipam/api/v1"
	"github.com/metal-stack/go-ipam/api/v1/apiv1connect"
)

// errNoAddressLeft says that every prefix of a network was walked.
var errNoAddressLeft = errors.New("no prefix has an address left")

// network is what metal-api knows of one: its prefixes, in the order in which addresses are taken from them.
type network struct {
	ipam     apiv1connect.IpamServiceClient
	prefixes []string
}

// acquire walks the prefixes: not_found means that one is full, so the next is tried; anything else ends the walk.
func (n network) acquire(ctx context.Context) (*v1.IP, error) {
	for _, prefix := range n.prefixes {
		response, err := n.ipam.AcquireIP(ctx, connect.NewRequest(&v1.AcquireIPRequest{PrefixCidr: prefix}))
		if err == nil {
			return response.Msg.GetIp(), nil
		}
		var refusal *connect.Error
		if !errors.As(err, &refusal) || refusal.Code() != connect.CodeNotFound {
			return nil, err
		}
	}
	return nil, errNoAddressLeft
}

func (n network) acquireThis(ctx context.Context, prefix, ip string) error {
	_, err := n.ipam.AcquireIP(ctx, connect.NewRequest(&v1.AcquireIPRequest{PrefixCidr: prefix, Ip: &ip}))
	return err
}

func (n network) release(ctx context.Context, prefix, ip string) error {
	_, err := n.ipam.ReleaseIP(ctx, connect.NewRequest(&v1.ReleaseIPRequest{PrefixCidr: prefix, Ip: ip}))
	return err
}

func (n network) create(ctx context.Context, prefix string) error {
	_, err := n.ipam.CreatePrefix(ctx, connect.NewRequest(&v1.CreatePrefixRequest{Cidr: prefix}))
	return err
}

func (n network) delete(ctx context.Context, prefix string) error {
	_, err := n.ipam.DeletePrefix(ctx, connect.NewRequest(&v1.DeletePrefixRequest{Cidr: prefix}))
	return err
}

func metalAPI(ctx context.Context, ipam apiv1connect.IpamServiceClient) error {
	for _, step := range []func(context.Context, apiv1connect.IpamServiceClient) error{
		isHealthy, walksItsPrefixes, takesAndReleasesChildren,
	} {
		if err := step(ctx, ipam); err != nil {
			return err
		}
	}
	return nil
}

// isHealthy calls Version, which is metal-api's health check.
func isHealthy(ctx context.Context, ipam apiv1connect.IpamServiceClient) error {
	if _, err := ipam.Version(ctx, connect.NewRequest(&v1.VersionRequest{})); err != nil {
		return fmt.Errorf("Version: %w", err)
	}
	return nil
}

func walksItsPrefixes(ctx context.Context, ipam apiv1connect.IpamServiceClient) error {
	n := network{ipam, []string{"10.200.0.0/30", "10.200.0.4/30", "2001:db8:200::/126"}}
	for _, prefix := range n.prefixes {
		if err := n.create(ctx, prefix); err != nil {
			return fmt.Errorf("CreatePrefix of %s: %w", prefix, err)
		}
	}

	var acquired []*v1.IP
	for _, expected := range []string{
		"10.200.0.1", "10.200.0.2", "10.200.0.5", "10.200.0.6",
		"2001:db8:200::1", "2001:db8:200::2", "2001:db8:200::3",
	} {
		ip, err := n.acquire(ctx)
		if err != nil {
			return fmt.Errorf("acquiring where %s is the next: %w", expected, err)
		}
		if err := same("the next address", ip.GetIp(), expected); err != nil {
			return err
		}
		acquired = append(acquired, ip)
	}
	if _, err := n.acquire(ctx); !errors.Is(err, errNoAddressLeft) {
		return fmt.Errorf("acquiring from full prefixes must end with %q, and ended with %w", errNoAddressLeft, err)
	}

	_, err := network{ipam, []string{"10.200.9.0/24", n.prefixes[0]}}.acquire(ctx)
	if err := refused("acquiring from a prefix that is not there", err, connect.CodeInvalidArgument); err != nil {
		return err
	}
	for tried, refusal := range map[string]struct {
		err  error
		code connect.Code
	}{
		"acquiring an address that is taken":   {n.acquireThis(ctx, n.prefixes[0], "10.200.0.1"), connect.CodeAlreadyExists},
		"acquiring an address of elsewhere":    {n.acquireThis(ctx, n.prefixes[0], "10.200.0.5"), connect.CodeInvalidArgument},
		"deleting a prefix that has addresses": {n.delete(ctx, n.prefixes[0]), connect.CodeInvalidArgument},
	} {
		if err := refused(tried, refusal.err, refusal.code); err != nil {
			return err
		}
	}
	usage, err := ipam.PrefixUsage(ctx, connect.NewRequest(&v1.PrefixUsageRequest{Cidr: n.prefixes[0]}))
	if err != nil {
		return fmt.Errorf("PrefixUsage of %s: %w", n.prefixes[0], err)
	}
	if err := same("addresses of a /30", usage.Msg.GetAvailableIps(), 4); err != nil {
		return err
	}
	if err := same("acquired addresses of a full /30, reserved ones too", usage.Msg.GetAcquiredIps(), 4); err != nil {
		return err
	}

	if err := n.release(ctx, n.prefixes[1], "10.200.0.5"); err != nil {
		return fmt.Errorf("ReleaseIP of 10.200.0.5: %w", err)
	}
	err = n.release(ctx, n.prefixes[1], "10.200.0.5")
	if err := refused("releasing an address twice", err, connect.CodeNotFound); err != nil {
		return err
	}
	if err := n.acquireThis(ctx, n.prefixes[1], "10.200.0.5"); err != nil {
		return fmt.Errorf("AcquireIP of 10.200.0.5, which was released: %w", err)
	}

	for _, ip := range acquired {
		if err := n.release(ctx, ip.GetParentPrefix(), ip.GetIp()); err != nil {
			return fmt.Errorf("ReleaseIP of %s with the parent_prefix that came with it, %q: %w",
				ip.GetIp(), ip.GetParentPrefix(), err)
		}
	}
	for _, prefix := range n.prefixes {
		if err := n.delete(ctx, prefix); err != nil {
			return fmt.Errorf("DeletePrefix of %s: %w", prefix, err)
		}
		if err := refused("deleting a prefix twice", n.delete(ctx, prefix), connect.CodeNotFound); err != nil {
			return err
		}
	}
	return nil
}

func takesAndReleasesChildren(ctx context.Context, ipam apiv1connect.IpamServiceClient) error {
	const super = "10.201.0.0/24"
	n := network{ipam: ipam}
	if err := n.create(ctx, super); err != nil {
		return fmt.Errorf("CreatePrefix of %s: %w", super, err)
	}
	var children []string
	for _, expected := range []string{"10.201.0.0/25", "10.201.0.128/25"} {
		response, err := ipam.AcquireChildPrefix(ctx,
			connect.NewRequest(&v1.AcquireChildPrefixRequest{Cidr: super, Length: 25}))
		if err != nil {
			return fmt.Errorf("AcquireChildPrefix of %s: %w", super, err)
		}
		if err := same("the next child", response.Msg.GetPrefix().GetCidr(), expected); err != nil {
			return err
		}
		if err := same("the parent of a child", response.Msg.GetPrefix().GetParentCidr(), super); err != nil {
			return err
		}
		children = append(children, response.Msg.GetPrefix().GetCidr())
	}
	_, err := ipam.AcquireChildPrefix(ctx,
		connect.NewRequest(&v1.AcquireChildPrefixRequest{Cidr: super, Length: 25}))
	if err := refused("a third half of a prefix", err, connect.CodeInvalidArgument); err != nil {
		return err
	}
	for _, child := range children {
		request := func() *connect.Request[v1.ReleaseChildPrefixRequest] {
			return connect.NewRequest(&v1.ReleaseChildPrefixRequest{Cidr: child})
		}
		if _, err := ipam.ReleaseChildPrefix(ctx, request()); err != nil {
			return fmt.Errorf("ReleaseChildPrefix of %s: %w", child, err)
		}
		_, err := ipam.ReleaseChildPrefix(ctx, request())
		if err := refused("releasing a child twice", err, connect.CodeNotFound); err != nil {
			return err
		}
	}
	if err := n.delete(ctx, super); err != nil {
		return fmt.Errorf("DeletePrefix of %s: %w", super, err)
	}
	return nil
}
