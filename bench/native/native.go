// Package native builds the systems that are not Go.
package native

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed enet/enet.cpp
var enetSource []byte

// BuildENet compiles the program for ENet into a folder, and returns its path. It needs a C++
// compiler, $CXX or else c++, and ENet's headers; the error says how to get what is missing.
func BuildENet(dir string) (program string, err error) {
	compiler := os.Getenv("CXX")
	if compiler == "" {
		compiler = "c++"
	}
	if _, err := exec.LookPath(compiler); err != nil {
		return "", fmt.Errorf("enet needs a C++ compiler: %w; on Debian: apt-get install g++", err)
	}
	source := filepath.Join(dir, "enet.cpp")
	program = filepath.Join(dir, "enet")
	if err := os.WriteFile(source, enetSource, 0o600); err != nil {
		return "", err
	}
	out, err := exec.Command(compiler, "-std=c++17", "-O2", "-Wall", "-Wextra", "-o", program, source, "-lenet", "-lpthread").CombinedOutput()
	if err == nil {
		return program, nil
	}
	if text := string(out); strings.Contains(text, "enet/enet.h") || strings.Contains(text, "-lenet") {
		return "", errors.New("enet needs the library: on Debian: apt-get install libenet-dev; or leave it out with --systems")
	}
	return "", fmt.Errorf("%s: %w\n%s", compiler, err, out)
}
