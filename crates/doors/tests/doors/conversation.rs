//! Every operation of every door, asked once: what the asker hears, as text.

use crate::{house::Reached, samples::Dice};

macro_rules! heard {
    ($log:ident, $reached:ident: $($door:ident.$method:ident($($argument:expr),*);)*) => {
        $($log.push(format!("{}.{}: {:?}", stringify!($door), stringify!($method), $reached.$door.$method($($argument),*).await));)*
    };
}

/// The same seed asks the same.
pub(crate) async fn converse(reached: &Reached, seed: u64) -> Vec<String> {
    let mut dice = Dice::new(seed);
    let mut log = Vec::new();
    outer(reached, &mut dice, &mut log).await;
    inner(reached, &mut dice, &mut log).await;
    log
}

async fn outer(reached: &Reached, dice: &mut Dice, log: &mut Vec<String>) {
    heard! { log, reached:
        r2d.data_formats();
        r2d.data_format(&dice.sample());
        r2d.submit(&dice.sample(), dice.sample());
        r2d.operation_proof(dice.sample());
        r2d_sources.accept(dice.sample());
        r2d_sources.submission(dice.sample());
        r2d_sources.submitted_operation_proof(dice.sample(), dice.sample());
        r2d_sources.change_source(&dice.sample(), dice.sample());
        r2d_sources.source(dice.sample());
        u2s.catalogue();
        u2s.withdrawn();
        u2s.prices();
        u2s.request(&dice.sample(), dice.sample());
        u2s.service_access(&dice.sample::<String>());
        u2s.chains();
        u2s_data.search_data(&dice.sample(), dice.sample());
        u2s_data.data_statistics(&dice.sample());
        u2s_data.trace_data(&dice.sample(), dice.sample());
        u2s_data.data_proof(&dice.sample(), dice.sample());
        u2s_data.aggregate_data(&dice.sample(), dice.sample());
        u2s_data.subscribe(&dice.sample(), dice.sample());
        u2s_data.subscriptions(&dice.sample());
        u2s_data.unsubscribe(&dice.sample(), dice.sample());
        u2s_data.subscribed_data(&dice.sample(), dice.sample(), dice.sample());
        o2c.control(&dice.sample(), dice.sample(), dice.sample());
        o2c.organizations();
        o2c.organization(&dice.sample::<String>());
        o2c.simulate_contract(&dice.sample(), dice.sample());
        o2c.contracts(&dice.sample(), dice.sample());
        o2c.contract(&dice.sample(), dice.sample());
        o2c.changes(dice.sample());
        o2c.change(dice.sample());
        o2c_alerts.alert_receivers(&dice.sample());
        o2c_alerts.add_alert_receiver(&dice.sample(), dice.sample(), dice.sample());
        o2c_alerts.remove_alert_receiver(&dice.sample(), &dice.sample::<String>(), dice.sample());
        o2c_alerts.test_alert_receiver(&dice.sample(), &dice.sample::<String>(), dice.sample());
        v2m.history(&dice.sample(), dice.sample());
        v2m.events(&dice.sample(), dice.sample());
        v2m_data.audit_data(&dice.sample(), dice.sample());
        v2m_data.audit_chain(&dice.sample(), &dice.sample(), dice.sample());
        v2m_data.mailboxes_audited(dice.sample());
        v2m_data.audit_status(&dice.sample());
        v2m_data.quotas(&dice.sample());
    }
}

async fn inner(reached: &Reached, dice: &mut Dice, log: &mut Vec<String>) {
    let chain: Option<_> = dice.sample();
    let named: Option<String> = dice.sample();
    heard! { log, reached:
        p2r.check(&dice.sample());
        p2r.record(dice.sample());
        p2r.recorded(&dice.sample());
        p2r.record_root(dice.sample());
        s2p.chains(&dice.sample());
        s2p.transaction(&dice.sample(), chain.as_ref(), dice.sample(), dice.sample());
        s2p.events(&dice.sample(), dice.sample());
        s2p.view(&dice.sample(), &dice.sample(), dice.sample(), dice.sample());
        s2p.state_proof(&dice.sample(), &dice.sample(), dice.sample(), dice.sample());
        s2p.access_rules(named.as_deref());
        s2p.is_office(&dice.sample());
        s2p.standing(&dice.sample());
        s2p_data.search(&dice.sample(), dice.sample(), dice.sample());
        s2p_data.statistics(&dice.sample());
        s2p_data.versions(&dice.sample(), &dice.sample(), dice.sample());
        s2p_data.hand_overs(&dice.sample(), dice.sample());
        s2p_data.proof(&dice.sample(), dice.sample());
        s2p_data.aggregate(&dice.sample(), dice.sample(), dice.sample());
        s2p_data.searchable(&dice.sample(), dice.sample(), dice.sample());
        c2s.control(&dice.sample(), dice.sample());
        c2p.control(&dice.sample(), &dice.sample(), dice.sample());
        c2p.organizations();
        c2p.simulate_contract(&dice.sample(), &dice.sample());
        c2p.contracts(&dice.sample(), dice.sample());
        c2p.contract(&dice.sample(), dice.sample());
        c2p.approvals(dice.sample());
        c2p.change(dice.sample());
        c2r.control(&dice.sample(), dice.sample());
        m2s.journal(&dice.sample());
        m2p.subject_history(&dice.sample(), dice.sample());
        m2p.events(&dice.sample(), &dice.sample());
        m2p.recorded_blocks(&dice.sample(), &dice.sample(), dice.sample());
        m2p.recorded_roots(&dice.sample(), &dice.sample(), dice.sample());
        m2p.anchors(&dice.sample());
        m2r.journal(&dice.sample());
        m2r_data.audit(dice.sample());
        m2r_data.kept_blocks(dice.sample());
        m2r_data.indexed_roots(&dice.sample(), dice.sample());
        m2r_data.quotas();
    }
}
