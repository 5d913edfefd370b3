//! What may happen next: to the objects, to the CRD, to the network.

use std::time::Duration;

use smi_fake::{Fault, Rule};

use crate::world::World;

const PLURAL: &str = "trafficsplits";

/// One thing that happens.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// The split with this number is written with this weight.
    Write(u8, u8),
    /// It is written so that it cannot be read.
    Spoil(u8),
    Delete(u8),
    DropWatches,
    BreakInEvent,
    /// The next watch is told 410.
    Gone,
    /// All history is forgotten.
    Compact,
    /// A list after its first page.
    GonePage,
    /// The next requests of a kind (list, watch, discovery) get this.
    Refuse(Request, u8),
    TooMany(Request, u8),
    Disconnect(Request, u8),
    Slow(Request, u8),
    Duplicates,
    OldEvents,
    RemoveCrd,
    PutCrdBack,
    StoreAt(u8),
    /// Some seconds pass.
    Wait(u8),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Request {
    List,
    Watch,
    Discovery,
}

impl Request {
    const ALL: [Self; 3] = [Self::List, Self::Watch, Self::Discovery];

    fn rule(self, fault: Fault, times: u8) -> Rule {
        let rule = Rule::new(fault).times(times.into());
        match self {
            Self::List => rule.verb("list").resource(PLURAL),
            Self::Watch => rule.verb("watch").resource(PLURAL),
            // Nothing else here gets anything.
            Self::Discovery => rule.verb("get"),
        }
    }
}

impl Step {
    /// The step that `of` stands for; every step has such numbers, those that write more of them.
    pub(crate) fn from(of: u32) -> Self {
        let [kind, name, more, times] = of.to_le_bytes();
        let (name, request) = (name % 12, Request::ALL[usize::from(more) % 3]);
        let times = times % 4 + 1;
        match kind % 40 {
            0..12 => Self::Write(name, more % 10),
            12..15 => Self::Spoil(name),
            15..20 => Self::Delete(name),
            20 => Self::DropWatches,
            21 => Self::BreakInEvent,
            22 => Self::Gone,
            23 => Self::Compact,
            24 => Self::GonePage,
            25 => Self::Refuse(request, times),
            26 => Self::TooMany(request, times),
            27 => Self::Disconnect(request, times),
            28 => Self::Slow(request, times),
            29 => Self::Duplicates,
            30 => Self::OldEvents,
            31 => Self::RemoveCrd,
            32 | 33 => Self::PutCrdBack,
            34 => Self::StoreAt(name % 3 + 2),
            _ => Self::Wait(more),
        }
    }

    pub(crate) async fn happen(self, world: &mut World) {
        let faults = world.server.faults();
        match self {
            Self::Write(name, weight) => world.write(&format!("s{name}"), Some(weight.into())).await,
            Self::Spoil(name) => world.write(&format!("s{name}"), None).await,
            Self::Delete(name) => world.delete(&format!("s{name}")).await,
            Self::DropWatches => faults.drop_watches(),
            Self::BreakInEvent => faults.drop_watches_in_event(),
            Self::Gone => world.fault("watch", Fault::Gone, 1),
            Self::Compact => world.server.compact(),
            Self::GonePage => drop(faults.add(Request::List.rule(Fault::Gone, 1).after(1))),
            Self::Refuse(request, times) => drop(faults.add(request.rule(Fault::InternalError, times))),
            Self::TooMany(request, times) => {
                let retry_after = u32::from(times) * 7;
                faults.add(request.rule(Fault::TooManyRequests { retry_after }, times));
            }
            Self::Disconnect(request, times) => drop(faults.add(request.rule(Fault::Disconnect, times))),
            Self::Slow(request, times) => {
                let delay = Duration::from_secs(u64::from(times) * 3);
                faults.add(request.rule(Fault::Delay(delay), times));
            }
            Self::Duplicates => world.fault("watch", Fault::DuplicateEvents, 1),
            Self::OldEvents => world.fault("watch", Fault::OldEvents, 1),
            Self::RemoveCrd => world.remove_crd().await,
            Self::PutCrdBack => world.put_crd_back().await,
            Self::StoreAt(version) => world.store_at(&format!("v1alpha{version}")).await,
            Self::Wait(seconds) => tokio::time::sleep(Duration::from_secs(seconds.into())).await,
        }
    }
}
