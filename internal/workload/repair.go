package workload

import (
	"fmt"
	"strings"

	"github.com/tickwire/tickwire/endpoint"
)

var repairs = []endpoint.Repair{
	endpoint.RepairDefault, endpoint.RepairAuto, endpoint.RepairOff, endpoint.RepairHalf,
	endpoint.RepairOnce, endpoint.RepairTwice, endpoint.RepairThrice,
}

// RepairNames are those that ParseRepair knows.
func RepairNames() []string {
	var names []string
	for _, r := range repairs {
		names = append(names, strings.ToLower(strings.TrimPrefix(r.String(), "Repair")))
	}
	return names
}

// ParseRepair finds a strength of repair by its name.
func ParseRepair(name string) (endpoint.Repair, error) {
	for i, n := range RepairNames() {
		if n == name {
			return repairs[i], nil
		}
	}
	return 0, fmt.Errorf("workload: no repair is called %q: want one of %s", name, strings.Join(RepairNames(), ", "))
}
