package netns

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// within names the test that a process was started for.
const within = "TICKWIRE_NETNS_TEST"

// Run plays a test inside namespaces of its own. The test's process starts itself again for that
// and waits, so play runs in another process than the rest of the test, where everything before
// Run has happened again. Flags of the package's own are handed on.
func Run(t *testing.T, play func(n *Net)) {
	t.Helper()
	if os.Getenv(within) == t.Name() {
		n := newNet(t)
		play(n)
		return
	}
	out, err := again(t, syscall.CLONE_NEWUSER|syscall.CLONE_NEWNET)
	if refused(err) && os.Geteuid() == 0 {
		out, err = again(t, syscall.CLONE_NEWNET) // root needs no user namespace
	}
	t.Logf("inside of its namespaces:\n%s", bytes.TrimSpace(out))
	switch {
	case refused(err):
		t.Errorf("%v: this system gives no namespaces to user %d; allow user namespaces (sysctl user.max_user_namespaces, "+
			"kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns) or be root", err, os.Geteuid())
	case err != nil:
		t.Errorf("inside of its namespaces: %v", err)
	case !bytes.Contains(out, []byte("--- PASS: "+t.Name())):
		t.Errorf("inside of its namespaces the test did not run")
	}
}

// refused reports whether the system did not start a process because of its namespaces.
func refused(err error) bool {
	_, ran := errors.AsType[*exec.ExitError](err)
	return err != nil && !ran
}

// again starts this test in another process, in new namespaces.
func again(t *testing.T, namespaces uintptr) ([]byte, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(t.Context(), program, arguments(t)...)
	cmd.Env = append(os.Environ(), within+"="+t.Name())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: namespaces}
	if namespaces&syscall.CLONE_NEWUSER != 0 {
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}}
	}
	return cmd.CombinedOutput()
}

// arguments run this test alone, with the flags that are the package's own.
func arguments(t *testing.T) []string {
	parts := strings.Split(t.Name(), "/")
	for i, p := range parts {
		parts[i] = "^" + regexp.QuoteMeta(p) + "$"
	}
	args := []string{"-test.run=" + strings.Join(parts, "/"), "-test.v", "-test.count=1"}
	flag.Visit(func(f *flag.Flag) {
		if !strings.HasPrefix(f.Name, "test.") || f.Name == "test.timeout" || f.Name == "test.short" {
			args = append(args, "-"+f.Name+"="+f.Value.String())
		}
	})
	return args
}
