//! Owns [`Spoke`]: a version of a kind, with its way to the hub and back.

use std::collections::BTreeMap;

use kube::core::{DynamicObject, Resource};
use serde_json::Value;

use super::{Beside, ConvertError, Converted, Fields, Hub, Loss, LossReason, Stash, Versioned, fields::Seen};

/// A version of a kind, with the way to the kind's hub and back. A hub is its own spoke.
///
/// A version says how its fields move ([`up`](Self::up), [`down`](Self::down)) and, in two tables, which fields of the one
/// side the other may not say ([`own`](Self::own), [`of_hub`](Self::of_hub)). From these [`into_hub`](Self::into_hub) and
/// [`from_hub`](Self::from_hub) follow, which lose nothing: they compare what comes back with what went in, and keep the
/// difference in the [`Stash`].
pub trait Spoke: Versioned {
    /// The newest version of this kind.
    type Hub: Hub;

    /// Moves the fields up, as far as the hub can say them.
    ///
    /// # Errors
    /// Where the object holds a value that no version could mean, such as a negative weight.
    fn up(self) -> Result<Moved<Self::Hub>, ConvertError>;

    /// Moves the fields down, as far as this version can say them. There is an answer for every object: one that grants
    /// less where there is none that grants the same.
    fn down(hub: Self::Hub, known: &Known<'_>) -> Moved<Self>;

    /// The fields of this version that the hub may not say.
    fn own(_fields: &mut Fields<'_, Self, Self::Hub>) {}

    /// The fields of the hub that this version may not say.
    fn of_hub(_fields: &mut Fields<'_, Self::Hub, Self>) {}

    /// Whether the object certainly comes back from the hub as it is, with nothing kept. `false` where that would have to
    /// be tried; `true` spares the trial, which informers make for every object.
    fn comes_back(&self) -> bool {
        false
    }

    /// The objects that must stand beside this one so that it means what it says; see [`Converted::companions`].
    ///
    /// # Errors
    /// [`ConvertError::Encode`].
    fn companions(&self) -> Result<Vec<DynamicObject>, ConvertError> {
        Ok(Vec::new())
    }

    /// Makes a version's object, as an API server gives it out, one that can be read, where it cannot and clusters are known
    /// to hold such; says whether there was something to do, as losses.
    fn mend(_object: &mut Value) -> Vec<Loss> {
        Vec::new()
    }

    /// The object as the hub says it.
    ///
    /// # Errors
    /// Where the object holds a value that no version could mean, such as a negative weight.
    fn into_hub(mut self) -> Result<Converted<Self::Hub>, ConvertError> {
        let (metadata, mut stash, mut losses) = Stash::apart(self.meta_mut());
        // What is kept of the object's own version is what it said once; now it says something else.
        drop(stash.take_version(&Self::version(&())));
        if stash.is_empty() && self.comes_back() {
            let mut moved = self.up()?;
            losses.extend(moved.losses);
            *moved.object.meta_mut() = metadata;
            return Ok(Converted {
                companions: Hub::companions(&moved.object)?,
                object: moved.object,
                losses,
            });
        }
        let mut original = self;
        let Moved {
            object: mut hub,
            losses: of_move,
        } = original.clone().up()?;
        let mut kept = stash.take_version(&Self::Hub::version(&()));
        Self::of_hub(&mut Fields::restore(&mut hub, &original, &mut kept));
        let mut back = Self::down(hub.clone(), &Known::nothing()).object;
        let mut keeps = BTreeMap::new();
        let mut seen = Seen::default();
        Self::own(&mut Fields::keep_differing(
            &mut original,
            &mut back,
            &hub,
            &mut keeps,
            &mut seen,
        ));
        losses.extend(seen.real(of_move));
        *hub.meta_mut() = metadata;
        stash.write(&Self::version(&()), keeps, hub.meta_mut(), &mut losses);
        Ok(Converted {
            companions: Hub::companions(&hub)?,
            object: hub,
            losses,
        })
    }

    /// The hub's object as this version says it.
    ///
    /// # Errors
    /// [`ConvertError::Encode`] where a companion has no JSON text. There is an answer for every object.
    fn from_hub(hub: Self::Hub) -> Result<Converted<Self>, ConvertError> {
        Self::from_hub_beside(hub, &())
    }

    /// The hub's object as this version says it, in a set that is converted as a whole.
    ///
    /// # Errors
    /// As [`from_hub`](Self::from_hub).
    fn from_hub_beside(mut hub: Self::Hub, beside: &dyn Beside) -> Result<Converted<Self>, ConvertError> {
        let (metadata, mut stash, mut losses) = Stash::apart(hub.meta_mut());
        drop(stash.take_version(&Self::Hub::version(&())));
        let known = Known { stash: &stash, beside };
        let moved = Self::down(hub.clone(), &known);
        let mut object = moved.object.clone();
        let mut kept = stash.take_version(&Self::version(&()));
        Self::own(&mut Fields::restore(&mut object, &hub, &mut kept));
        let back = if let Ok(back) = object.clone().up() {
            back
        } else {
            // What was kept is no object of this version: somebody else wrote it.
            losses.push(Loss::new(Stash::path(), LossReason::StashUnreadable));
            object = moved.object;
            object.clone().up()?
        };
        let mut back = back.object;
        let mut keeps = BTreeMap::new();
        let mut seen = Seen::default();
        Self::of_hub(&mut Fields::keep_differing(
            &mut hub, &mut back, &object, &mut keeps, &mut seen,
        ));
        losses.extend(seen.real(moved.losses));
        *object.meta_mut() = metadata;
        stash.write(&Self::Hub::version(&()), keeps, object.meta_mut(), &mut losses);
        Ok(Converted {
            companions: Spoke::companions(&object)?,
            object,
            losses,
        })
    }
}

impl<H: Hub> Spoke for H {
    type Hub = H;

    fn up(self) -> Result<Moved<H>, ConvertError> {
        Ok(Moved::exactly(self))
    }

    fn down(hub: H, _: &Known<'_>) -> Moved<H> {
        Moved::exactly(hub)
    }

    fn companions(&self) -> Result<Vec<DynamicObject>, ConvertError> {
        Hub::companions(self)
    }

    fn mend(object: &mut Value) -> Vec<Loss> {
        <H as Hub>::mend(object)
    }

    fn into_hub(self) -> Result<Converted<H>, ConvertError> {
        Ok(Converted {
            companions: Hub::companions(&self)?,
            ..Converted::exactly(self)
        })
    }

    fn from_hub_beside(hub: H, _: &dyn Beside) -> Result<Converted<H>, ConvertError> {
        hub.into_hub()
    }
}

/// An object whose fields were moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved<T> {
    /// The object at the other version.
    pub object: T,
    /// What it does not say.
    pub losses: Vec<Loss>,
}

impl<T> Moved<T> {
    /// An object that says all.
    pub const fn exactly(object: T) -> Self {
        Self {
            object,
            losses: Vec::new(),
        }
    }
}

/// What a move down may know beside the object.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// What the object keeps of its other versions.
    pub stash: &'a Stash,
    /// The other objects of the set.
    pub beside: &'a dyn Beside,
}

impl Known<'_> {
    /// Nothing but the object.
    pub const fn nothing() -> Self {
        const EMPTY: &Stash = &Stash::new();
        Self {
            stash: EMPTY,
            beside: &(),
        }
    }
}

impl std::fmt::Debug for Known<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Known")
            .field("stash", self.stash)
            .finish_non_exhaustive()
    }
}
