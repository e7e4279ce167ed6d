package lab

import "fmt"

// Reason is why a lab cannot be made on this machine. Scripts may depend on the words.
type Reason string

const (
	ReasonSystem   Reason = "system"   // not Linux
	ReasonAppArmor Reason = "apparmor" // Ubuntu 23.10 and later: kernel.apparmor_restrict_unprivileged_userns
	ReasonSysctl   Reason = "sysctl"   // Debian's kernel.unprivileged_userns_clone
	ReasonLimit    Reason = "limit"    // user.max_*_namespaces, or namespaces nested too deep
	ReasonSeccomp  Reason = "seccomp"  // a filter of the container that this process runs in
	ReasonKernel   Reason = "kernel"   // built without namespaces or veth
	ReasonRouting  Reason = "routing"  // no nftables, or /proc/sys is read-only: nothing can be translated
	ReasonIPv6     Reason = "ipv6"     // no IPv6 in the kernel, or it is switched off, and a gateway was to have some
	ReasonDenied   Reason = "denied"   // refused, and nothing on the machine says by whom
)

// UnavailableError says that labs cannot be made here. Err is what the system answered.
type UnavailableError struct {
	Reason Reason
	Err    error
}

func (e *UnavailableError) Error() string {
	why := map[Reason]string{
		ReasonSystem:   "network namespaces are a thing of Linux",
		ReasonAppArmor: "AppArmor closes user namespaces to ordinary users",
		ReasonSysctl:   "the kernel closes user namespaces to ordinary users",
		ReasonLimit:    "the limit on namespaces is reached",
		ReasonSeccomp:  "this container's seccomp filter forbids new namespaces",
		ReasonKernel:   "the kernel lacks namespaces or veth",
		ReasonRouting:  "the kernel of a gateway cannot be made to translate addresses",
		ReasonIPv6:     "the kernel has no IPv6",
		ReasonDenied:   "new namespaces are refused",
	}[e.Reason]
	if e.Err == nil {
		return "lab: " + why
	}
	return fmt.Sprintf("lab: %s: %v", why, e.Err)
}

func (e *UnavailableError) Unwrap() error { return e.Err }

// Hint is what the reader can do about it, in one line.
func (e *UnavailableError) Hint() string {
	switch e.Reason {
	case ReasonSystem:
		return "use a Linux machine, container or virtual machine; on this one, run against a gateway on loopback"
	case ReasonAppArmor:
		return "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or run with sudo"
	case ReasonSysctl:
		return "sudo sysctl -w kernel.unprivileged_userns_clone=1, or run with sudo"
	case ReasonLimit:
		return "sudo sysctl -w user.max_user_namespaces=10000 user.max_net_namespaces=10000, or run with sudo"
	case ReasonSeccomp:
		return "start the container with --privileged, or with --security-opt seccomp=unconfined"
	case ReasonKernel:
		return "sudo modprobe veth, or use a kernel with CONFIG_USER_NS, CONFIG_NET_NS, CONFIG_PID_NS and CONFIG_VETH"
	case ReasonRouting:
		return "sudo modprobe -a nf_tables nft_chain_nat nft_masq nft_tproxy nft_socket nft_fib_ipv4, or give the container --privileged"
	case ReasonIPv6:
		return "leave the IPv6 networks of the homes out, or boot without ipv6.disable=1"
	}
	return "run with sudo, or give the container --privileged"
}
