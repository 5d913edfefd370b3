use super::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const LIVES: Lifetimes = Lifetimes {
    authority: Duration::from_secs(730 * 24 * 60 * 60),
    certificate: Duration::from_secs(90 * 24 * 60 * 60),
};

fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + 20_000 * DAY
}

fn ours() -> Vec<String> {
    vec!["webhook.smi.svc".to_owned(), "webhook.smi.svc.cluster.local".to_owned()]
}

type Data = BTreeMap<String, ByteString>;

/// What is kept after a look at `data`, what was wrong with it, and what was done.
fn look(data: &Data, given: bool, now: SystemTime) -> (Material, Vec<String>, Vec<&'static str>) {
    look_for(data, &ours(), given, now)
}

fn look_for(data: &Data, names: &[String], given: bool, now: SystemTime) -> (Material, Vec<String>, Vec<&'static str>) {
    let (mut material, faults) = Material::read(data, names, now);
    let done = material.renew(names, LIVES, given, now).unwrap();
    (material, faults, done)
}

fn fresh() -> Data {
    look(&Data::new(), false, start()).0.data()
}

fn text(data: &Data, name: &str) -> String {
    String::from_utf8(data[name].0.clone()).unwrap()
}

/// Whether an API server that has `bundle` takes the certificate of `data`.
fn is_known(bundle: &str, data: &Data, now: SystemTime) -> bool {
    let trusted: Vec<_> = CertificateDer::pem_slice_iter(bundle.as_bytes())
        .map(|one| Trusted::read(one.unwrap()).unwrap())
        .collect();
    let pair = Pair::read(&data[CERTIFICATE].0, &data[KEY].0).unwrap();
    verify(&pair, &trusted, &ours(), now).is_ok()
}

#[test]
fn out_of_nothing_come_a_ca_and_a_certificate_that_it_signed() {
    let (material, faults, done) = look(&Data::new(), false, start());
    assert_eq!(
        (faults, done),
        (vec![], vec!["a CA is made", "a certificate is issued"])
    );
    let data = material.data();
    assert_eq!(
        data.keys().collect::<Vec<_>>(),
        ["ca.crt", "ca.key", "tls.crt", "tls.key"]
    );
    assert!(is_known(&material.bundle(), &data, start()));
    assert_eq!(names_of(material.pair().unwrap()), ours());

    let (_, faults, done) = look(&data, true, start() + 59 * DAY);
    assert_eq!((faults, done), (vec![], vec![]), "nothing is due");
}

#[test]
fn a_certificate_is_renewed_two_thirds_into_its_life_by_the_same_ca() {
    let data = fresh();
    let now = start() + 61 * DAY;
    let (material, faults, done) = look(&data, true, now);
    assert_eq!((faults, done), (vec![], vec!["a certificate is issued"]));
    assert_eq!(material.bundle(), text(&data, BUNDLE));
    assert!(material.pair().unwrap().not_after > start() + 150 * DAY);
    // While the CRDs do not have the CA, the one that is good is kept; not to its end.
    assert_eq!(look(&data, false, now).2, [""; 0]);
    assert_eq!(look(&data, false, start() + 76 * DAY).2, ["a certificate is issued"]);
}

#[test]
fn a_new_ca_is_trusted_beside_the_old_before_it_signs() {
    let authority_due = start() + 487 * DAY;
    let mut data = fresh();
    let mut now = start();
    while now + 30 * DAY < authority_due {
        now += 30 * DAY;
        data = look(&data, true, now).0.data();
    }
    let old = text(&data, BUNDLE);
    let (material, faults, done) = look(&data, true, authority_due);
    assert_eq!((faults, done), (vec![], vec!["a CA is made"]));
    let both = material.bundle();
    assert!(both.ends_with(&old) && both.len() > old.len());
    let data = material.data();
    assert!(
        is_known(&old, &data, authority_due),
        "whoever has not heard of the new CA knows the certificate"
    );

    let soon = authority_due + SETTLING - Duration::from_secs(1);
    assert_eq!(look(&data, true, soon).2, [""; 0], "it has to settle");
    let settled = authority_due + SETTLING;
    assert_eq!(look(&data, false, settled).2, [""; 0], "the CRDs have to have it");
    let (material, _, done) = look(&data, true, settled);
    assert_eq!(done, ["a certificate is issued"]);
    let data = material.data();
    assert!(is_known(&both, &data, settled) && !is_known(&old, &data, settled));
    assert_eq!(material.bundle(), both, "the old one is trusted to its end");

    let mut data = data;
    let mut now = settled;
    while now < start() + 731 * DAY {
        now += 30 * DAY;
        data = look(&data, true, now).0.data();
    }
    assert!(!text(&data, BUNDLE).contains(&old));
}

#[test]
fn what_is_due_together_with_its_ca_is_signed_by_the_one_that_everybody_knows() {
    let lives = Lifetimes {
        authority: 90 * DAY,
        ..LIVES
    };
    let mut material = Material::default();
    material.renew(&ours(), lives, false, start()).unwrap();
    let known = material.bundle();
    let now = start() + 80 * DAY;
    let done = material.renew(&ours(), lives, true, now).unwrap();
    assert_eq!(done, [ISSUED, MADE]);
    assert!(is_known(&known, &material.data(), now));
}

const MADE: &str = "a CA is made";
const ISSUED: &str = "a certificate is issued";

/// `good` with one thing damaged: what is said of it, and what is done about it.
fn damaged(good: &Data) -> Vec<(Data, &'static str, &'static [&'static str])> {
    let other = fresh();
    let with = |name: &str, text: &str| {
        let mut data = good.clone();
        data.insert(name.to_owned(), ByteString(text.into()));
        data
    };
    let without = |name: &str| {
        let mut data = good.clone();
        data.remove(name);
        data
    };
    let garbage = "-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----\n";
    let no_ca = "`ca.key` is not the key of the CA in `ca.crt`";
    let other_key = "`tls.key` is not the key of the certificate";
    let (ca, certificate, both) = (&[MADE][..], &[ISSUED][..], &[MADE, ISSUED][..]);
    vec![
        (without(BUNDLE), no_ca, both),
        (with(BUNDLE, garbage), "`ca.crt` cannot be read", both),
        (with(BUNDLE, "words"), no_ca, both),
        (with(BUNDLE, &text(&other, BUNDLE)), no_ca, both),
        (without(AUTHORITY_KEY), "`ca.key` cannot be read", ca),
        (with(AUTHORITY_KEY, &text(&other, AUTHORITY_KEY)), no_ca, ca),
        (without(CERTIFICATE), "`tls.crt` holds no PEM certificate", certificate),
        (with(CERTIFICATE, garbage), "`tls.crt` cannot be read", certificate),
        (without(KEY), "`tls.key` cannot be read", certificate),
        (with(KEY, "\u{0}"), "`tls.key` cannot be read", certificate),
        (with(KEY, &text(&other, KEY)), other_key, certificate),
    ]
}

#[test]
fn what_is_damaged_is_mended_and_what_is_good_stays() {
    let good = fresh();
    let now = start() + DAY;
    for (data, fault, expected) in damaged(&good) {
        let (material, faults, done) = look(&data, true, now);
        let said = faults.join("; ");
        assert!(said.contains(fault), "{fault}: {said}");
        assert!(!said.contains("PRIVATE"), "{said}");
        assert_eq!(done, expected, "{said}");
        let mended = material.data();
        assert!(is_known(&material.bundle(), &mended, now), "{said}");
        assert_eq!(look(&mended, true, now).1, [""; 0], "{said}");
        if !expected.contains(&ISSUED) {
            assert_eq!(mended[CERTIFICATE], good[CERTIFICATE], "{said}: it is good");
            assert!(
                material.bundle().ends_with(&text(&good, BUNDLE)),
                "{said}: it is trusted"
            );
        }
    }
}

#[test]
fn what_has_expired_is_replaced_at_once() {
    let data = fresh();
    let (material, faults, done) = look(&data, true, start() + 91 * DAY);
    assert_eq!(done, ["a certificate is issued"], "{faults:?}");
    assert_eq!(material.bundle(), text(&data, BUNDLE));
    let (material, faults, done) = look(&data, true, start() + 800 * DAY);
    assert_eq!(
        done,
        [
            "a CA that has expired is no longer trusted",
            "a CA is made",
            "a certificate is issued"
        ],
        "{faults:?}"
    );
    assert_eq!(material.bundle().matches("BEGIN CERTIFICATE").count(), 1);
}

#[test]
fn bundles_stay_small_however_often_the_key_is_damaged() {
    let mut data = fresh();
    for _ in 0..10 {
        data.insert(AUTHORITY_KEY.to_owned(), ByteString(b"damaged".to_vec()));
        data = look(&data, true, start()).0.data();
    }
    assert_eq!(text(&data, BUNDLE).matches("BEGIN CERTIFICATE").count(), MOST_TRUSTED);
}

#[test]
fn replicas_with_different_names_agree() {
    let names = [
        vec!["webhook.smi.svc".to_owned(), "a.example".to_owned()],
        vec!["webhook.smi.svc".to_owned(), "127.0.0.1".to_owned()],
    ];
    let mut data = fresh();
    let mut writes = Vec::new();
    for round in 0..6 {
        let (material, faults, done) = look_for(&data, &names[round % 2], true, start());
        assert_eq!(faults.is_empty(), done.is_empty());
        writes.push(!done.is_empty());
        data = material.data();
    }
    assert_eq!(writes, [true, true, false, false, false, false]);
    let pair = Pair::read(&data[CERTIFICATE].0, &data[KEY].0).unwrap();
    for name in names.concat() {
        assert!(names_of(&pair).contains(&name), "{name}");
    }
}

#[test]
fn a_certificate_does_not_outlive_its_ca() {
    let lives = Lifetimes {
        authority: DAY,
        certificate: 90 * DAY,
    };
    let mut material = Material::default();
    material.renew(&ours(), lives, false, start()).unwrap();
    assert_eq!(material.pair().unwrap().not_after, start() + DAY);
}

#[test]
fn no_lifetime_and_no_clock_panics() {
    for authority in [Duration::ZERO, Duration::from_secs(1), 10_000_000 * DAY, Duration::MAX] {
        for now in [SystemTime::UNIX_EPOCH, start(), start() + 5_000_000 * DAY] {
            let lives = Lifetimes {
                authority,
                certificate: authority,
            };
            let mut material = Material::default();
            // Refused or issued.
            let _ = material.renew(&ours(), lives, true, now);
        }
    }
}

mod laws {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4, ..ProptestConfig::default() })]

        /// At every moment of five years: what any replica serves is known to an API server, be its CRDs those of this look
        /// or of the one before, and be the replica as late.
        #[test]
        fn no_api_server_meets_a_certificate_that_it_does_not_know(hours in prop::collection::vec(1_u32..480, 150..250)) {
            let mut now = start();
            let mut data = fresh();
            let mut bundle = text(&data, BUNDLE);
            for hours in hours {
                now += hours * DAY / 24;
                let given = text(&data, BUNDLE) == bundle;
                let (material, faults, _) = look(&data, given, now);
                prop_assert_eq!(faults, Vec::<String>::new());
                let next = material.data();
                for served in [&data, &next] {
                    for has in [&bundle, &material.bundle()] {
                        prop_assert!(is_known(has, served, now));
                    }
                }
                prop_assert!(material.bundle().matches("BEGIN CERTIFICATE").count() <= 2);
                (data, bundle) = (next, material.bundle());
            }
        }
    }
}
