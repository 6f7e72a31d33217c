/** Who is of the alliance, whether each chain answers, and which guarantees are missing because of whom. */
import type { ReactNode } from 'react';
import type { Alliance, AllianceMember } from '../../api/types';
import { formatNumber } from '../../components/format';
import { Notice } from '../../components/Notice';
import { useLanguage } from '../../i18n/language';

/** Chains that are followed, and are silent or not read to their end. */
export function lateChains(alliance: Alliance): string[] {
  const members = alliance.members.filter((member) => member.active && isLate(member)).map((member) => member.chain ?? member.name);
  return [...new Set(alliance.upToDate ? members : [alliance.chain, ...members])];
}

function isLate(member: AllianceMember): boolean {
  return member.chain !== undefined && !member.upToDate;
}

/** What is shown may be old, and because of whom. */
export function LateNotice({ alliance }: { alliance: Alliance }): ReactNode {
  const { t } = useLanguage();
  const late = lateChains(alliance);
  if (late.length === 0) return null;
  return (
    <Notice tone="warning" live="status">
      <p>{t('alliance.late', { chains: late.join(t('alliance.and')) })}</p>
    </Notice>
  );
}

/** Who does not answer, and at which anchors nothing counts until somebody has voted: requests of those members do not go on. */
export function BrokenNotice({ alliance }: { alliance: Alliance }): ReactNode {
  const { t } = useLanguage();
  const active = alliance.members.filter((member) => member.active);
  const silent = active.filter((member) => member.unreachable === true).map((member) => member.name);
  const frozen = active.flatMap((member) => member.frozenAnchors ?? []);
  if (silent.length === 0 && frozen.length === 0) return null;
  return (
    <Notice tone="danger" live="status">
      {silent.length > 0 && <p>{t('alliance.unreachable', { members: silent.join(t('alliance.and')) })}</p>}
      {frozen.map(({ host, follows }) => (
        <p key={`${host} ${follows}`}>{t('alliance.frozen', { host, follows })}</p>
      ))}
    </Notice>
  );
}

export function Members({ members }: { members: AllianceMember[] }): ReactNode {
  const { t, language } = useLanguage();
  return (
    <div className="table-scroll" role="region" aria-labelledby="members" tabIndex={0}>
      <table className="table table--stack">
        <thead>
          <tr>
            <th scope="col">{t('alliance.member')}</th>
            <th scope="col">{t('alliance.standing')}</th>
            <th scope="col">{t('alliance.chain')}</th>
            <th scope="col" className="number">
              {t('alliance.height')}
            </th>
            <th scope="col">{t('alliance.guarantees')}</th>
          </tr>
        </thead>
        <tbody>
          {members.map((member) => (
            <tr key={member.name}>
              <th scope="row">{member.name}</th>
              <td data-label={t('alliance.standing')}>
                <span className={`badge badge--${member.active ? 'valid' : 'expired'}`}>
                  {t(member.active ? 'alliance.active' : 'alliance.gone')}
                </span>
              </td>
              <td data-label={t('alliance.chain')}>
                {member.chain ?? t('alliance.unfollowed')} ({member.chainId}){' '}
                {member.unreachable === true ? (
                  <span className="badge badge--revoked">{t('alliance.unreachable.badge')}</span>
                ) : (
                  isLate(member) && <span className="badge badge--suspended">{t('alliance.late.badge')}</span>
                )}{' '}
                {(member.frozenAnchors ?? []).length > 0 && <span className="badge badge--revoked">{t('alliance.frozen.badge')}</span>}
              </td>
              <td className="number" data-label={t('alliance.height')}>
                {member.height === undefined ? '–' : formatNumber(member.height, language)}
              </td>
              <td data-label={t('alliance.guarantees')}>
                {member.missing.length === 0 ? (
                  t('alliance.guarantees.all')
                ) : (
                  <ul>
                    {member.missing.map((guarantee) => (
                      <li key={guarantee}>{t(`alliance.missing.${guarantee}`)}</li>
                    ))}
                  </ul>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
