//! A queue whose owners take turns, so that an owner with many items does not delay the others.

use std::collections::{HashMap, VecDeque};

use uuid::Uuid;

use crate::domain::{Error, Result};

/// Token that the work is for. `None` for the server's own work.
pub type Owner = Option<Uuid>;

/// A queue of items with owners. The items of one owner are taken in the order of their arrival.
pub struct Rota<T> {
    of: HashMap<Owner, VecDeque<T>>,
    /// The owners of waiting items. The first owner is the next to be served.
    order: VecDeque<Owner>,
    served: Owner,
    length: usize,
    places: usize,
}

impl<T> Rota<T> {
    /// Creates an empty queue for at most `places` items.
    pub fn new(places: usize) -> Self {
        Self {
            of: HashMap::new(),
            order: VecDeque::new(),
            served: None,
            length: 0,
            places,
        }
    }

    /// Returns the number of items that wait.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Returns whether the queue is full, so that items of any owner are refused.
    pub fn is_full(&self) -> bool {
        self.length >= self.places
    }

    /// Adds an item. An owner without waiting items is put at the end of the order, but before the owner that was
    /// served last.
    ///
    /// # Errors
    /// [`Error::Busy`] if the queue is full, [`Error::ShareTaken`] if the owner's items take half of the queue.
    pub fn push(&mut self, owner: Owner, item: T) -> Result<()> {
        if self.is_full() {
            return Err(Error::Busy);
        }
        let own = self.of.entry(owner).or_default();
        if own.len() >= self.places.div_ceil(2) {
            return Err(Error::ShareTaken);
        }
        if own.is_empty() {
            let was_just_served = self
                .order
                .back()
                .is_some_and(|last| *last == self.served && *last != owner);
            let place = self.order.len() - usize::from(was_just_served);
            self.order.insert(place, owner);
        }
        own.push_back(item);
        self.length += 1;
        Ok(())
    }

    /// Removes and returns the first item of the next owner for which `may` returns `true`. `None` if there is no such
    /// owner.
    pub fn pop(&mut self, may: impl Fn(Owner) -> bool) -> Option<(Owner, T)> {
        let place = self.order.iter().position(|owner| may(*owner))?;
        let owner = self.order.remove(place)?;
        let own = self.of.get_mut(&owner)?;
        let item = own.pop_front()?;
        if own.is_empty() {
            self.of.remove(&owner);
        } else {
            self.order.push_back(owner);
        }
        self.served = owner;
        self.length -= 1;
        Some((owner, item))
    }

    /// Removes the owner's item for which `is_it` returns `true`, because nothing waits for it any more.
    pub fn remove(&mut self, owner: Owner, is_it: impl Fn(&T) -> bool) {
        let Some(own) = self.of.get_mut(&owner) else {
            return;
        };
        let before = own.len();
        own.retain(|item| !is_it(item));
        self.length -= before - own.len();
        if own.is_empty() {
            self.of.remove(&owner);
            self.order.retain(|other| *other != owner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANY: Owner = Some(Uuid::from_u128(1));
    const FEW: Owner = Some(Uuid::from_u128(2));
    const OTHER: Owner = Some(Uuid::from_u128(3));

    fn next(rota: &mut Rota<u32>) -> Option<u32> {
        rota.pop(|_| true).map(|(_, item)| item)
    }

    #[test]
    fn owners_take_turns() {
        let mut rota = Rota::new(16);
        for item in 0..4 {
            rota.push(MANY, item).unwrap();
        }
        assert_eq!(next(&mut rota), Some(0));
        // Neither waits for the owner that was served just now.
        rota.push(FEW, 10).unwrap();
        rota.push(OTHER, 20).unwrap();
        let order: Vec<_> = std::iter::from_fn(|| next(&mut rota)).collect();
        assert_eq!(order, [10, 20, 1, 2, 3]);
        assert_eq!(rota.len(), 0);
    }

    #[test]
    fn one_owner_gets_half_of_the_places() {
        let mut rota = Rota::new(4);
        assert_eq!(rota.push(MANY, 0), Ok(()));
        assert_eq!(rota.push(MANY, 1), Ok(()));
        assert_eq!(rota.push(MANY, 2), Err(Error::ShareTaken));
        assert_eq!(rota.push(FEW, 3), Ok(()));
        assert_eq!(rota.push(OTHER, 4), Ok(()));
        assert_eq!(rota.push(OTHER, 5), Err(Error::Busy));
    }

    #[test]
    fn what_is_taken_out_leaves_its_place() {
        let mut rota = Rota::new(4);
        rota.push(MANY, 0).unwrap();
        rota.push(FEW, 1).unwrap();
        rota.remove(MANY, |item| *item == 0);
        assert_eq!((rota.len(), next(&mut rota)), (1, Some(1)));
        assert_eq!(next(&mut rota), None);
    }
}
