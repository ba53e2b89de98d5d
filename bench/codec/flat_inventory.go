package codec

import (
	"slices"

	flatbuffers "github.com/google/flatbuffers/go"
	"github.com/tickwire/tickwire/bench/messages"
	"github.com/tickwire/tickwire/bench/messages/flat"
)

// An inventoryBuilder keeps where the items of an inventory are until their vector is written.
type inventoryBuilder struct {
	items []flatbuffers.UOffsetT
	kinds []uint8
}

func newInventoryBuilder() *inventoryBuilder { return new(inventoryBuilder) }

func (n *inventoryBuilder) build(b *flatbuffers.Builder, v *messages.Inventory) flatbuffers.UOffsetT {
	n.items = n.items[:0]
	for i := range v.Items {
		n.items = append(n.items, buildItem(b, &v.Items[i]))
	}
	flat.InventoryStartItemsVector(b, len(n.items))
	for _, at := range slices.Backward(n.items) {
		b.PrependUOffsetT(at)
	}
	items := b.EndVector(len(n.items))
	n.kinds = n.kinds[:0]
	for kind := range v.Ammo {
		n.kinds = append(n.kinds, kind)
	}
	slices.Sort(n.kinds)
	flat.InventoryStartAmmoVector(b, len(n.kinds))
	for _, kind := range slices.Backward(n.kinds) {
		flat.CreateRounds(b, v.Ammo[kind], kind)
	}
	ammo := b.EndVector(len(n.kinds))
	flat.InventoryStart(b)
	flat.InventoryAddOwner(b, v.Owner)
	flat.InventoryAddGold(b, v.Gold)
	flat.InventoryAddItems(b, items)
	flat.InventoryAddAmmo(b, ammo)
	return flat.InventoryEnd(b)
}

// buildItem shares a name between the items that have it.
func buildItem(b *flatbuffers.Builder, v *messages.Item) flatbuffers.UOffsetT {
	name := b.CreateSharedString(v.Name)
	var enchants flatbuffers.UOffsetT
	if len(v.Enchants) > 0 {
		enchants = b.CreateByteVector(v.Enchants)
	}
	flat.ItemStart(b)
	flat.ItemAddKind(b, v.Kind)
	flat.ItemAddCount(b, v.Count)
	flat.ItemAddWear(b, v.Wear)
	flat.ItemAddName(b, name)
	if enchants != 0 {
		flat.ItemAddEnchants(b, enchants)
	}
	return flat.ItemEnd(b)
}

func readInventory(v *messages.Inventory, buf []byte) {
	var inventory flat.Inventory
	var item flat.Item
	var rounds flat.Rounds
	inventory.Init(buf, flatbuffers.GetUOffsetT(buf))
	v.Owner, v.Gold = inventory.Owner(), inventory.Gold()
	v.Items = resize(v.Items, inventory.ItemsLength())
	for i := range v.Items {
		inventory.Items(&item, i)
		own := &v.Items[i]
		own.Kind, own.Count, own.Wear, own.Name = item.Kind(), item.Count(), item.Wear(), string(item.Name())
		own.Enchants = append(own.Enchants[:0], item.EnchantsBytes()...)
	}
	if v.Ammo == nil {
		v.Ammo = map[uint8]uint16{}
	}
	clear(v.Ammo)
	for i := range inventory.AmmoLength() {
		inventory.Ammo(&rounds, i)
		v.Ammo[rounds.Kind()] = rounds.Count()
	}
}
